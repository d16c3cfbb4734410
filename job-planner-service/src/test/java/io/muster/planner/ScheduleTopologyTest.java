package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.muster.records.CollectionDeleted;
import io.muster.records.CreateFleetJob;
import io.muster.records.CreateJob;
import io.muster.records.CronRecurrence;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.DeleteCollection;
import io.muster.records.DeleteSchedule;
import io.muster.records.DeviceGroup;
import io.muster.records.DeviceTemplate;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.FireSchedule;
import io.muster.records.FiringOrder;
import io.muster.records.Job;
import io.muster.records.JobCreated;
import io.muster.records.JobDefinition;
import io.muster.records.JobEvent;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatus;
import io.muster.records.PutWebJob;
import io.muster.records.ReportScheduleCall;
import io.muster.records.RetryPolicy;
import io.muster.records.RuleRecurrence;
import io.muster.records.RunSiteJob;
import io.muster.records.RunWebJob;
import io.muster.records.SaveCatalogItem;
import io.muster.records.SaveCollection;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCall;
import io.muster.records.ScheduleCallState;
import io.muster.records.ScheduleCollection;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleDeleted;
import io.muster.records.ScheduleRefused;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.ScheduleStatus;
import io.muster.records.ScriptHost;
import io.muster.records.SiteCommand;
import io.muster.records.SiteRefused;
import io.muster.records.StopWebJob;
import io.muster.records.Timing;
import io.muster.records.TwinPatch;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import io.muster.records.WriteMessage;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests schedules in the planner's topology: jobs that come of firings, over restarts and absence. */
class ScheduleTopologyTest {
    private static final WebJobFiles FILES =
            new WebJobFiles("0".repeat(64), 10L, "run.sh", "", "run.sh", ScriptHost.BASH);

    private final PlannerDriver planner = new PlannerDriver();

    @AfterEach
    void close() {
        assertThat(planner.deadLetters()).isEmpty();
        planner.close();
    }

    private static ScheduleDefinition definition(@Nullable Object recurrence) {
        JobDefinition job = JobDefinition.newBuilder()
                .setJobId("nightly")
                .setQueryCondition("*")
                .setOperation(new TwinPatch(null, "{\"a\":1}", null))
                .setMaxExecutionSeconds(60)
                .build();
        return ScheduleDefinition.newBuilder()
                .setTiming(Timing.newBuilder().setRecurrence(recurrence).build())
                .setAction(new CreateFleetJob(job))
                .build();
    }

    private List<String> jobs() {
        return planner.jobEvents().stream()
                .filter(event -> event.getEvent() instanceof JobCreated)
                .map(JobEvent::getJobId)
                .toList();
    }

    @Test
    void makesAJobAtEachTimeThatIsDue() {
        // The driver's clock begins at 02:00:00.
        planner.schedule("s", new SaveSchedule(definition(new CronRecurrence("30 * * * * *"))));
        assertThat(planner.lastReply()).isInstanceOf(Schedule.class);
        assertThat(((Schedule) planner.lastReply()).getNextAt()).isEqualTo(Instant.parse("2026-11-21T02:00:30Z"));
        planner.advance(Duration.ofSeconds(29));
        assertThat(jobs()).isEmpty();
        planner.advance(Duration.ofSeconds(1));
        assertThat(jobs()).containsExactly("nightly-20261121020030");
        planner.advance(Duration.ofSeconds(60));
        assertThat(jobs()).containsExactly("nightly-20261121020030", "nightly-20261121020130");
        Job job = planner.jobDocument("nightly-20261121020130");
        assertThat(job.getDefinition().getQueryCondition()).isEqualTo("*");
    }

    private static SaveCatalogItem group(String condition, String... templates) {
        return SaveCatalogItem.newBuilder()
                .setContent(new DeviceGroup("SELECT * FROM devices", condition, List.of(templates)))
                .setSource("{}")
                .build();
    }

    @Test
    void makesAJobOverTheDevicesThatItsGroupHasThen() {
        planner.catalog("deviceGroups/lyon", group("tags.site = 'old'"));
        JobDefinition job = JobDefinition.newBuilder()
                .setJobId("nightly")
                .setOperation(new TwinPatch(null, "{\"a\":1}", null))
                .setQueryCondition("tags.site = 'old'")
                .setPolicy(JobPolicy.newBuilder().setGroup("lyon").build())
                .build();
        planner.schedule(
                "s",
                new SaveSchedule(ScheduleDefinition.newBuilder(definition(new CronRecurrence("0 * * * * *")))
                        .setAction(new CreateFleetJob(job))
                        .build()));
        planner.catalog("deviceGroups/lyon", group("tags.site = 'new'"));
        planner.advance(Duration.ofSeconds(60));
        assertThat(planner.jobDocument("nightly-20261121020100").getDefinition().getQueryCondition())
                .isEqualTo("tags.site = 'new'");
        // Its device template is not there: the group is broken, and the job says so.
        planner.catalog("deviceGroups/lyon", group("*", "dtmi:fridge;1"));
        planner.advance(Duration.ofSeconds(60));
        planner.catalog(
                "deviceTemplates/dtmi:fridge;1",
                SaveCatalogItem.newBuilder()
                        .setContent(new DeviceTemplate())
                        .setSource("{}")
                        .build());
        planner.advance(Duration.ofSeconds(60));
        planner.catalog("deviceGroups/lyon", new DeleteCatalogItem(null));
        planner.advance(Duration.ofSeconds(60));
        String gone = "The device group lyon is gone, is broken, or is of another organization than the job.";
        assertThat(failures()).containsExactly(null, gone, null, gone);
    }

    private List<@Nullable String> failures() {
        List<@Nullable String> failures = new ArrayList<>();
        jobs().forEach(id -> failures.add(planner.jobDocument(id).getFailureReason()));
        return failures;
    }

    /** A group that was deleted and made again under its id may select another organization's devices. */
    @Test
    void takesNoConditionOfAGroupOfAnotherOrganization() {
        planner.catalog(
                "deviceGroups/lyon",
                SaveCatalogItem.newBuilder(group("tags.central.organization = 'lyon'"))
                        .setOrganization("lyon")
                        .build());
        fires(policy -> policy.setGroup("lyon").setOrganization("lyon"));
        planner.advance(Duration.ofSeconds(60));
        planner.catalog("deviceGroups/lyon", new DeleteCatalogItem(null));
        planner.catalog("deviceGroups/lyon", group("*"));
        planner.advance(Duration.ofSeconds(60));
        assertThat(planner.jobDocument("nightly-20261121020100").getDefinition().getQueryCondition())
                .isEqualTo("tags.central.organization = 'lyon'");
        assertThat(planner.jobDocument("nightly-20261121020200").getStatus()).isEqualTo(JobStatus.FAILED);
        assertThat(planner.jobDocument("nightly-20261121020200").getStartedAt()).isNull();
    }

    @Test
    void failsAJobWhoseDeviceTemplateIsGone() {
        planner.catalog(
                "deviceTemplates/dtmi:new;1",
                SaveCatalogItem.newBuilder()
                        .setContent(new DeviceTemplate())
                        .setSource("{}")
                        .build());
        fires(policy -> policy.setTemplates(List.of("dtmi:new;1")));
        planner.advance(Duration.ofSeconds(60));
        planner.catalog("deviceTemplates/dtmi:new;1", new DeleteCatalogItem(null));
        planner.advance(Duration.ofSeconds(60));
        assertThat(failures()).containsExactly(null, "The device template dtmi:new;1 is gone.");
    }

    /** Two schedules of one name, of two surfaces, and a client's job of that id: each firing makes its own job. */
    @Test
    void makesAJobUnderAnotherIdWhereItsOwnIsTaken() {
        planner.job(
                "nightly-20261121020100",
                new CreateJob(JobDefinition.newBuilder(fleetJob("nightly-20261121020100"))
                        .setQueryCondition("tags.mine = 1")
                        .build()));
        fires("s", policy -> policy);
        fires("central/nightly", policy -> policy);
        planner.advance(Duration.ofSeconds(60));
        assertThat(planner.jobDocument("nightly-20261121020100").getDefinition().getQueryCondition())
                .isEqualTo("tags.mine = 1");
        assertThat(jobs())
                .hasSize(3)
                .filteredOn(id -> id.matches("nightly-20261121020100-[0-9a-f]{8}"))
                .hasSize(2);
        planner.advance(Duration.ofSeconds(60));
        assertThat(jobs()).hasSize(5).contains("nightly-20261121020200");
        for (String id : List.of("s", "central/nightly")) {
            assertThat(planner.scheduleDocument(id).getFailures()).isZero();
        }
    }

    private void fires(UnaryOperator<JobPolicy.Builder> policy) {
        fires("s", policy);
    }

    /** Saves a schedule that makes jobs named {@code nightly} each minute. */
    private void fires(String id, UnaryOperator<JobPolicy.Builder> policy) {
        JobDefinition job = JobDefinition.newBuilder(fleetJob("nightly"))
                .setPolicy(policy.apply(JobPolicy.newBuilder()).build())
                .build();
        planner.schedule(
                id,
                new SaveSchedule(ScheduleDefinition.newBuilder(definition(new CronRecurrence("0 * * * * *")))
                        .setAction(new CreateFleetJob(job))
                        .build()));
    }

    private static JobDefinition fleetJob(String id) {
        return JobDefinition.newBuilder()
                .setJobId(id)
                .setOperation(new TwinPatch(null, "{\"a\":1}", null))
                .setQueryCondition("*")
                .build();
    }

    /** Walks through the nights on which the clocks of Paris change, ten minutes at a time, with a restart of the planner in the middle. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        # Forward on 2027-03-28, from 02:00 to 03:00, at 01:00Z
        2027-03-28T00:00:00Z | 0 30 2 * * *    | 0130
        2027-03-28T00:00:00Z | 0 */30 1-3 * * *| 0000 0030 0100 0130
        2027-03-28T00:00:00Z | 0 0 4 * * *     | 0200
        # Back on 2027-10-31, from 03:00 to 02:00, at 01:00Z
        2027-10-30T23:00:00Z | 0 30 2 * * *    | 0030
        2027-10-30T23:00:00Z | 0 */30 * * * *  | 2300 2330 0000 0030 0100 0130 0200 0230
        2027-10-30T23:00:00Z | 0 0 3 * * *     | 0200
        """)
    void firesByTheClocksOfItsZoneWhereTheyChange(Instant evening, String cron, String expected) {
        planner.advance(Duration.between(planner.now(), evening.minusSeconds(5)));
        ScheduleDefinition definition = definition(new CronRecurrence(cron));
        Timing timing = Timing.newBuilder(definition.getTiming())
                .setTimeZone("Europe/Paris")
                .build();
        planner.schedule(
                "s",
                new SaveSchedule(ScheduleDefinition.newBuilder(definition)
                        .setTiming(timing)
                        .build()));
        for (int step = 0; step < 22; step++) {
            if (step == 9) {
                planner.restart();
            }
            planner.advance(Duration.ofMinutes(10));
        }
        assertThat(jobs().stream()
                        .map(job -> job.substring("nightly-20270000".length(), "nightly-202700000000".length())))
                .containsExactly(expected.split(" "));
    }

    @Test
    void goesOnOverARestartAndFiresOnceForWhatWentByMeanwhile() {
        planner.schedule("s", new SaveSchedule(definition(new ElapsedRecurrence(60L))));
        planner.advance(Duration.ofMillis(20));
        assertThat(jobs()).containsExactly("nightly-20261121020000");
        planner.restart();
        planner.advance(Duration.ofSeconds(59));
        assertThat(jobs()).hasSize(1);
        planner.advance(Duration.ofMinutes(4));
        assertThat(jobs())
                .as("five times went by, of which the last is not late")
                .containsExactly("nightly-20261121020000", "nightly-20261121020400");
    }

    @Test
    void firesWhenAskedAndKeepsItsTimes() {
        planner.schedule("s", new SaveSchedule(definition(new CronRecurrence("0 0 3 * * *"))));
        planner.advance(Duration.ofSeconds(7));
        planner.schedule("s", new FireSchedule());
        assertThat(jobs()).containsExactly("nightly-20261121020007");
        Schedule after = (Schedule) planner.lastReply();
        assertThat(after.getNextAt()).isEqualTo(Instant.parse("2026-11-21T03:00:00Z"));
        assertThat(after.getRecent()).hasSize(1);
        assertThat(after.getRecent().getFirst().getAsked()).isTrue();
    }

    @Test
    void endsWithItsDeletion() {
        planner.schedule("s", new SaveSchedule(definition(new CronRecurrence("* * * * * *"))));
        planner.schedule("s", new DeleteSchedule());
        assertThat(planner.lastReply()).isInstanceOf(ScheduleDeleted.class);
        planner.advance(Duration.ofSeconds(10));
        assertThat(jobs()).isEmpty();
        planner.schedule("s", new DeleteSchedule());
        assertThat(planner.lastReply()).isInstanceOf(ScheduleRefused.class);
    }

    /** A producer of the topic gives no start: rules count from when the schedule is saved, and do not fire then. */
    @Test
    void makesJobsAtTheTimesOfARuleOfRfc5545() {
        String daily = "RRULE:FREQ=DAILY;BYHOUR=3;BYMINUTE=0;BYSECOND=0";
        planner.schedule("s", new SaveSchedule(definition(new RuleRecurrence(List.of(daily, "EXDATE:20261122")))));
        planner.advance(Duration.ofMillis(20));
        assertThat(jobs()).isEmpty();
        planner.restart();
        for (int hour = 0; hour < 49; hour++) {
            planner.advance(Duration.ofHours(1));
        }
        assertThat(jobs()).containsExactly("nightly-20261121030000", "nightly-20261123030000");
        planner.schedule("t", new SaveSchedule(definition(new RuleRecurrence(List.of("FREQ=SECONDLY")))));
        assertThat(((ScheduleRefused) planner.lastReply()).getMessage()).contains("by the minute at most");
    }

    @Test
    void refusesWhatMakesNoSense() {
        planner.schedule("s", new SaveSchedule(definition(new CronRecurrence("* * * * *"))));
        assertThat(planner.lastReply()).isInstanceOf(ScheduleRefused.class);
        assertThat(((ScheduleRefused) planner.lastReply()).getMessage()).contains("six fields");
    }

    @Test
    void completesWhatFiresOnce() {
        planner.schedule("s", new SaveSchedule(definition(null)));
        planner.advance(Duration.ofMillis(20));
        assertThat(jobs()).hasSize(1);
        planner.schedule("s", new FireSchedule());
        assertThat(((Schedule) planner.lastReply()).getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
    }

    @Test
    void runsAWebJob() {
        ScheduleDefinition definition = ScheduleDefinition.newBuilder(definition(null))
                .setAction(new RunSiteJob("fleet", "purge", "a b"))
                .build();
        planner.schedule("/subscriptions/s/jobs/nightly", new SaveSchedule(definition));
        planner.advance(Duration.ofMillis(20));
        assertThat(planner.siteCommands()).hasSize(1);
        SiteCommand command = planner.siteCommands().getFirst();
        assertThat(command.getCommand()).isEqualTo(new RunWebJob("purge", "a b", "Schedule - nightly"));
        assertThat(command.getOrder().getScheduleId()).isEqualTo("/subscriptions/s/jobs/nightly");
    }

    private static ScheduleDefinition runs(String webJob) {
        return ScheduleDefinition.newBuilder(definition(null))
                .setAction(new RunSiteJob("fleet", webJob, ""))
                .setRetry(new RetryPolicy(2, 60L))
                .setErrorAction(new RunSiteJob("fleet", "repair", ""))
                .build();
    }

    private List<Object> history() {
        return planner.scheduleDocument("s").getRecent().stream()
                .<Object>map(run -> tuple(run.getOfError(), run.getAttempt(), run.getOutcome(), run.getMessage()))
                .toList();
    }

    private void put(String webJob) {
        planner.site("fleet", new PutWebJob(WebJobKind.TRIGGERED, webJob, FILES, "{}", false, null, ""));
    }

    @Test
    void completesTheRunOfAWebJobOnceItsSiteHasBegunIt() {
        put("purge");
        planner.schedule("s", new SaveSchedule(runs("purge")));
        planner.advance(Duration.ofMillis(20));
        String run = planner.site("fleet")
                .getWebJobs()
                .getFirst()
                .getRuns()
                .getFirst()
                .getId();
        assertThat(history())
                .containsExactly(tuple(false, 0, ScheduleRunOutcome.DONE, "The WebJob's run " + run + " began."));
        assertThat(planner.scheduleDocument("s").getCalls()).isEmpty();
    }

    @Test
    void triesTheRunOfAWebJobAgainThatItsSiteRefusesAndRunsTheErrorAction() {
        put("repair");
        planner.schedule("s", new SaveSchedule(runs("purge")));
        for (int minute = 0; minute < 4; minute++) {
            planner.advance(Duration.ofMinutes(1));
            planner.restart();
        }
        String none = "There is no such WebJob.";
        assertThat(history())
                .hasSize(4)
                .endsWith(
                        tuple(false, 2, ScheduleRunOutcome.FAILED, none),
                        tuple(false, 1, ScheduleRunOutcome.FAILED, none),
                        tuple(false, 0, ScheduleRunOutcome.FAILED, none));
        assertThat(planner.scheduleDocument("s").getFailures()).isOne();
        assertThat(planner.site("fleet").getWebJobs().getFirst().getRuns()).hasSize(1);
    }

    private List<WebJobRun> runsOf(String webJob) {
        return planner.site("fleet").getWebJobs().stream()
                .filter(job -> job.getName().equals(webJob))
                .flatMap(job -> job.getRuns().stream())
                .toList();
    }

    @Test
    void saysThatARunBeganHoweverLateItIsReported() {
        put("purge");
        put("repair");
        planner.hold(Topics.SCHEDULE_COMMANDS);
        planner.schedule("s", new SaveSchedule(runs("purge")));
        planner.advance(Duration.ofMillis(20));
        for (int minute = 0; minute < 30; minute++) {
            planner.advance(Duration.ofMinutes(1));
        }
        planner.restart();
        planner.advance(Duration.ofMinutes(1));
        assertThat(history()).isEmpty();
        assertThat(runsOf("purge")).as("asked for again and again").hasSize(1);
        planner.release(Topics.SCHEDULE_COMMANDS);
        assertThat(history())
                .containsExactly(tuple(
                        false,
                        0,
                        ScheduleRunOutcome.DONE,
                        "The WebJob's run " + runsOf("purge").getFirst().getId() + " began."));
        for (int minute = 0; minute < 30; minute++) {
            planner.advance(Duration.ofMinutes(1));
        }
        assertThat(planner.scheduleDocument("s").getCalls()).isEmpty();
        assertThat(runsOf("repair")).isEmpty();
        assertThat(runsOf("purge")).hasSize(1);
    }

    @Test
    void beginsNoRunAtASiteThatWasAwayForLongerThanItsFiringWaits() {
        put("purge");
        put("repair");
        ScheduleDefinition definition =
                ScheduleDefinition.newBuilder(runs("purge")).setRetry(null).build();
        planner.hold(Topics.SITE_COMMANDS);
        planner.schedule("s", new SaveSchedule(definition));
        planner.advance(Duration.ofMillis(20));
        for (int minute = 0; minute < 12; minute++) {
            planner.advance(Duration.ofMinutes(1));
        }
        planner.release(Topics.SITE_COMMANDS);
        assertThat(runsOf("purge")).isEmpty();
        assertThat(history().getLast())
                .isEqualTo(tuple(false, 0, ScheduleRunOutcome.FAILED, "It was to begin by 2026-11-21T02:10:00.020Z."));
        assertThat(runsOf("repair")).hasSize(1);
    }

    /** Commands beside the one that carries an order answer nobody, whatever they bear. */
    @Test
    void answersAnOrderByNoOtherCommand() {
        planner.hold(Topics.SITE_COMMANDS);
        planner.schedule("s", new SaveSchedule(runs("purge")));
        planner.advance(Duration.ofMillis(20));
        planner.tickUntil(() -> !planner.scheduleDocument("s").getCalls().isEmpty());
        ScheduleCallState call = planner.scheduleDocument("s").getCalls().getFirst();
        planner.siteCommand(new SiteCommand(
                "fleet",
                new StopWebJob("none"),
                new FiringOrder("s", call.getRun(), false, 0, planner.now().plusSeconds(60))));
        assertThat(planner.lastReply()).isInstanceOf(SiteRefused.class);
        assertThat(history()).isEmpty();
    }

    @Test
    void makesNoJobOfAFiringThatCameTooLate() {
        planner.hold(Topics.JOB_COMMANDS);
        planner.schedule("s", new SaveSchedule(definition(null)));
        planner.advance(Duration.ofMillis(20));
        planner.advance(Duration.ofMinutes(11));
        planner.release(Topics.JOB_COMMANDS);
        assertThat(jobs()).isEmpty();
        assertThat(history())
                .containsExactly(
                        tuple(false, 0, ScheduleRunOutcome.FAILED, "It was to be made by 2026-11-21T02:10:00.020Z."));
    }

    @Test
    void saysWhyAJobWasNotMade() {
        planner.schedule("s", new SaveSchedule(definition(new CronRecurrence("0 0 3 * * *"))));
        // Both ids of the firing are taken.
        for (String id : List.of("nightly-20261121030000", "nightly-20261121030000-a1c2ccba")) {
            planner.job(id, new CreateJob(fleetJob(id)));
        }
        planner.advance(Duration.ofHours(1));
        assertThat(history())
                .containsExactly(tuple(
                        false,
                        0,
                        ScheduleRunOutcome.FAILED,
                        "There is a job nightly-20261121030000-a1c2ccba already."));
        assertThat(planner.scheduleDocument("s").getFailures()).isOne();
    }

    @Test
    void ordersACallAndOrdersItAgainWhenItFailed() {
        ScheduleDefinition definition = ScheduleDefinition.newBuilder(definition(null))
                .setAction(new WriteMessage("queue-q", "hello"))
                .setRetry(new RetryPolicy(1, 60L))
                .setErrorAction(new RunSiteJob("fleet", "repair", ""))
                .build();
        planner.schedule("s", new SaveSchedule(definition));
        planner.advance(Duration.ofMillis(20));
        assertThat(planner.scheduleCalls()).hasSize(1);
        planner.restart();
        for (int attempt = 0; attempt < 2; attempt++) {
            ScheduleCall call = planner.scheduleCalls().getLast();
            assertThat(call.getAttempt()).isEqualTo(attempt);
            planner.schedule(
                    "s",
                    new ReportScheduleCall(
                            call.getRun(), false, attempt, call.getDueAt(), call.getDueAt(), false, "There is none."));
            planner.advance(Duration.ofMinutes(1));
        }
        assertThat(planner.scheduleCalls()).hasSize(2);
        assertThat(planner.siteCommands().stream().<Object>map(SiteCommand::getCommand))
                .containsExactly(new RunWebJob("repair", "", "Schedule - s"));
    }

    @Test
    void keepsCollections() {
        planner.collection("c", new SaveCollection(true, "{}"));
        planner.restart();
        planner.collection("c", new SaveCollection(false, "{\"a\":1}"));
        ScheduleCollection saved = (ScheduleCollection) planner.lastReply();
        assertThat(saved.getEnabled()).isFalse();
        assertThat(saved.getCreatedAt()).isBeforeOrEqualTo(saved.getUpdatedAt());
        planner.collection("c", new DeleteCollection());
        assertThat(planner.lastReply()).isEqualTo(new CollectionDeleted());
        planner.collection("c", new DeleteCollection());
        assertThat(planner.lastReply()).isInstanceOf(ScheduleRefused.class);
    }
}
