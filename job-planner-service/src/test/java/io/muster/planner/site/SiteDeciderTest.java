package io.muster.planner.site;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.muster.document.SiteNodes;
import io.muster.records.CapableNodes;
import io.muster.records.DeleteWebJob;
import io.muster.records.FiringOrder;
import io.muster.records.OrphanTask;
import io.muster.records.OrphanTaskEnded;
import io.muster.records.PoolNodes;
import io.muster.records.PutSiteSettings;
import io.muster.records.PutWebJob;
import io.muster.records.PutWebJobSettings;
import io.muster.records.RunWebJob;
import io.muster.records.ScriptHost;
import io.muster.records.Site;
import io.muster.records.SiteEvent;
import io.muster.records.SiteRefusalReason;
import io.muster.records.SiteRefused;
import io.muster.records.TaskResult;
import io.muster.records.WebJob;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobMissed;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;
import io.muster.records.WebJobStart;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Decides about sites as the contract has them: webjobs-and-schedules, 2.1 to 2.7. Each input is followed by those that the runtime asks behind it. */
class SiteDeciderTest {
    private static final String SITE = "fleet";
    private static final String JOB = "purge";
    private static final WebJobFiles FILES = WebJobFiles.newBuilder()
            .setSha256("ab".repeat(32))
            .setBytes(10)
            .setFileName("run.sh")
            .setScript("run.sh")
            .setHost(ScriptHost.BASH)
            .build();

    private @Nullable Site site;
    private Instant now = Instant.parse("2026-11-21T03:00:00.441Z");

    private Decision<SiteEvent> decide(SiteInput input) {
        Decision<SiteEvent> decision = SiteDecider.decide(SITE, site, input, now);
        if (decision instanceof Decision.Happened<SiteEvent>(SiteEvent event)) {
            site = SiteDecider.evolve(site, event);
        }
        return decision;
    }

    private Object event(SiteInput input) {
        return decide(input) instanceof Decision.Happened<SiteEvent>(SiteEvent event) ? event.getEvent() : "none";
    }

    private SiteRefusalReason refusal(SiteInput input) {
        Decision<SiteEvent> decision = decide(input);
        assertThat(decision).isInstanceOf(Decision.Refused.class);
        return ((SiteRefused) ((Decision.Refused<SiteEvent>) decision).refusal()).getReason();
    }

    private void done(SiteInput input) {
        assertThat(decide(input)).isInstanceOf(Decision.Happened.class);
    }

    private void at(String time) {
        now = Instant.parse(time);
    }

    private void later(long seconds) {
        now = now.plusSeconds(seconds);
        Instant due = site == null ? null : SiteDecider.due(site).orElse(null);
        if (due != null && !due.isAfter(now)) {
            SiteDecider.whenDue(site).forEach(this::decide);
        }
    }

    private static PutWebJob.Builder put(WebJobKind kind) {
        return PutWebJob.newBuilder().setKind(kind).setName(JOB).setFiles(FILES).setSettings("{}");
    }

    private void upload(WebJobKind kind, String settings) {
        done(new SiteInput.Put(put(kind).setSettings(settings).build()));
        settle(kind, JOB);
    }

    private void settle(WebJobKind kind, String name) {
        SiteDecider.settling(site, SiteNodes.all(site), kind, name).forEach(this::decide);
    }

    /** Names the nodes of a pool, as the pool does, and has all jobs settled behind it. */
    private void pool(String pool, String... nodes) {
        decide(new SiteInput.PoolHas(pool, new PoolNodes(List.of(nodes), nodes.length, null)));
        List.copyOf(site.getWebJobs()).forEach(job -> settle(job.getKind(), job.getName()));
    }

    private void triggered() {
        upload(WebJobKind.TRIGGERED, "{}");
    }

    private void continuous() {
        pool("default", "node-1");
        upload(WebJobKind.CONTINUOUS, "{}");
    }

    private WebJob job(WebJobKind kind) {
        return SiteState.job(site, kind, JOB).orElseThrow();
    }

    private WebJobRun run(WebJobKind kind) {
        return job(kind).getRuns().getFirst();
    }

    private WebJobRun run() {
        return run(WebJobKind.TRIGGERED);
    }

    private static SiteInput.Run ask() {
        return new SiteInput.Run(new RunWebJob(JOB, "", "External - curl"), null);
    }

    private void started(WebJobRun run) {
        done(new SiteInput.Started(run.getTaskId(), "node-1", 7));
    }

    private void ended(WebJobRun run, TaskResult result) {
        done(new SiteInput.Ended("default", run.getTaskId(), result, null, ""));
        decide(new SiteInput.SettleTask(run.getTaskId()));
    }

    private void setting(String name, @Nullable String value) {
        Map<String, String> settings = new HashMap<>();
        settings.put(name, value);
        done(new SiteInput.PutSettings(new PutSiteSettings(settings, false)));
        if (site != null) {
            List.copyOf(site.getWebJobs()).forEach(job -> settle(job.getKind(), job.getName()));
        }
    }

    private Stream<WebJobRunStatus> history() {
        return job(WebJobKind.TRIGGERED).getRuns().stream().map(WebJobRun::getStatus);
    }

    @Test
    void runsAJobOnceWhenItIsAskedTo() {
        triggered();
        assertThat(job(WebJobKind.TRIGGERED).getRuns()).isEmpty();
        done(ask());
        assertThat(run().getId()).isEqualTo("202611210300004410");
        assertThat(run().getTaskId()).isEqualTo("fleet.purge.202611210300004410");
        assertThat(run().getPoolId()).isEqualTo("default");
        assertThat(run().getTrigger()).isEqualTo("External - curl");
        assertThat(run().getStatus()).isEqualTo(WebJobRunStatus.INITIALIZING);
        later(1);
        started(run());
        assertThat(run().getStatus()).isEqualTo(WebJobRunStatus.RUNNING);
        assertThat(run().getNodeId()).isEqualTo("node-1");
        assertThat(run().getPlacement()).isEqualTo(7);
        assertThat(run().getStartedAt()).isEqualTo(now);
        later(2);
        done(new SiteInput.Ended("default", run().getTaskId(), TaskResult.FAILED, 3, "exit code 3"));
        assertThat(run().getStatus()).isEqualTo(WebJobRunStatus.FAILED);
        assertThat(run().getExitCode()).isEqualTo(3);
        assertThat(run().getEndedAt()).isEqualTo(now);
        assertThat(job(WebJobKind.TRIGGERED).getRuns()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "SUCCEEDED, SUCCESS",
        "FAILED, FAILED",
        "STOPPED, STOPPED",
        "TIMED_OUT, FAILED",
        "IDLE, FAILED",
        "ABORTED, ABORTED"
    })
    void endsAsItsTaskDid(TaskResult result, WebJobRunStatus status) {
        triggered();
        done(ask());
        ended(run(), result);
        assertThat(run().getStatus()).isEqualTo(status);
        assertThat(decide(new SiteInput.Ended("default", run().getTaskId(), TaskResult.FAILED, 1, "")))
                .as("a second word changes nothing")
                .isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void saysThatARunWasIdle() {
        triggered();
        done(ask());
        done(new SiteInput.Ended("default", run().getTaskId(), TaskResult.IDLE, 137, "7 bytes were dropped."));
        assertThat(run().getDetail())
                .contains("no output nor CPU activity", "WEBJOBS_IDLE_TIMEOUT")
                .endsWith(" 7 bytes were dropped.");
    }

    @Test
    void runsOneAtATime() {
        triggered();
        done(ask());
        assertThat(refusal(ask())).isEqualTo(SiteRefusalReason.RUNNING);
        started(run());
        assertThat(refusal(ask())).isEqualTo(SiteRefusalReason.RUNNING);
        assertThat(job(WebJobKind.TRIGGERED).getRuns()).hasSize(1);
        ended(run(), TaskResult.SUCCEEDED);
        done(ask());
        assertThat(history()).containsExactly(WebJobRunStatus.INITIALIZING, WebJobRunStatus.SUCCESS);
    }

    private static SiteInput.Run ask(String firing, int attempt, Instant until) {
        return new SiteInput.Run(
                new RunWebJob(JOB, "", "Schedule - nightly"),
                new FiringOrder("s/jobs/nightly", firing, false, attempt, until));
    }

    /** What nothing refers to is deleted: the command may have waited for the planner for longer. */
    @Test
    void takesNoUploadBehindItsTime() {
        Instant until = now.plusSeconds(300);
        SiteInput upload =
                new SiteInput.Put(put(WebJobKind.TRIGGERED).setUntil(until).build());
        later(301);
        assertThat(refusal(upload)).isEqualTo(SiteRefusalReason.LATE);
        at(until.toString());
        done(upload);
    }

    @Test
    void beginsOneRunForAFiringAndNoneBehindItsTime() {
        triggered();
        Instant until = now.plusSeconds(600);
        done(ask("1", 0, until));
        assertThat(refusal(ask("1", 1, until))).isEqualTo(SiteRefusalReason.BEGUN);
        assertThat(refusal(ask("2", 0, until))).isEqualTo(SiteRefusalReason.RUNNING);
        ended(run(), TaskResult.SUCCEEDED);
        assertThat(refusal(ask("1", 0, until))).as("again, behind its end").isEqualTo(SiteRefusalReason.BEGUN);
        later(601);
        assertThat(refusal(ask("2", 0, until))).isEqualTo(SiteRefusalReason.LATE);
        done(ask("2", 1, until.plusSeconds(1)));
        assertThat(history()).containsExactly(WebJobRunStatus.INITIALIZING, WebJobRunStatus.SUCCESS);
    }

    @Test
    void countsDeletedJobsThatHaveNotEndedAmongTheJobsOfASite() {
        for (int i = 0; i < 100; i++) {
            done(new SiteInput.Put(put(WebJobKind.TRIGGERED).setName("job" + i).build()));
        }
        done(new SiteInput.Run(new RunWebJob("job0", "", "x"), null));
        String taskId = site.getWebJobs().getFirst().getRuns().getFirst().getTaskId();
        done(new SiteInput.Delete(new DeleteWebJob(WebJobKind.TRIGGERED, "job0")));
        SiteInput other = new SiteInput.Put(put(WebJobKind.TRIGGERED).build());
        assertThat(refusal(other)).isEqualTo(SiteRefusalReason.TOO_MANY_JOBS);
        Site before = site;
        done(new SiteInput.Put(put(WebJobKind.TRIGGERED).setName("JOB0").build()));
        site = before;
        done(new SiteInput.Ended("default", taskId, TaskResult.STOPPED, null, ""));
        done(other);
    }

    @Test
    void waitsForADeletedJobWhoseTaskThePoolDidNotTake() {
        triggered();
        done(ask());
        String taskId = run().getTaskId();
        done(new SiteInput.Delete(new DeleteWebJob(WebJobKind.TRIGGERED, JOB)));
        triggered();
        assertThat(refusal(ask())).isEqualTo(SiteRefusalReason.RUNNING);
        done(new SiteInput.NotTaken("default", taskId, "Another task has that id."));
        done(ask());
    }

    @Test
    void givesEachRunAnIdOfItsOwnAndLaterOnesLargerIds() {
        triggered();
        List<String> ids = new ArrayList<>();
        at("2026-11-21T23:59:59.999Z");
        for (int i = 0; i < 15; i++) {
            done(ask());
            ids.add(run().getId());
            ended(run(), TaskResult.SUCCEEDED);
        }
        assertThat(ids).isSorted().doesNotHaveDuplicates().startsWith("202611212359599990", "202611212359599991");
        assertThat(ids.get(10)).as("carries over midnight").isEqualTo("202611220000000000");
        at("2026-11-21T23:00:00Z");
        done(ask());
        assertThat(run().getId()).as("a clock that was put back").isGreaterThan(ids.getLast());
    }

    @Test
    void keepsAsManyRunsAsTheSettingSays() {
        triggered();
        for (int i = 0; i < 40; i++) {
            later(1);
            done(ask());
            ended(run(), TaskResult.SUCCEEDED);
        }
        assertThat(history()).hasSize(30);
        assertThat(job(WebJobKind.TRIGGERED).getRuns())
                .extracting(WebJobRun::getId)
                .isSortedAccordingTo(java.util.Comparator.reverseOrder());
        setting("webjobs_history_size", "3");
        assertThat(history()).as("cleaned when a run starts").hasSize(30);
        done(ask());
        assertThat(history()).hasSize(3);
        assertThat(run().getStatus()).isEqualTo(WebJobRunStatus.INITIALIZING);
    }

    @Test
    void knowsJobsByTheirNamesInAnyCase() {
        triggered();
        done(new SiteInput.Run(new RunWebJob("PURGE", "", "x"), null));
        assertThat(run().getTaskId()).startsWith("fleet.purge.");
        done(new SiteInput.Put(put(WebJobKind.TRIGGERED).setName("Purge").build()));
        assertThat(site.getWebJobs()).hasSize(1);
        assertThat(job(WebJobKind.TRIGGERED).getName()).isEqualTo(JOB);
        assertThat(job(WebJobKind.TRIGGERED).getRuns())
                .as("runs outlive an upload")
                .hasSize(1);
    }

    @Test
    void keepsAContinuousAndATriggeredJobOfOneName() {
        triggered();
        continuous();
        done(ask());
        assertThat(run(WebJobKind.CONTINUOUS).getTaskId())
                .isEqualTo("fleet.purge.continuous.202611210300004410")
                .isNotEqualTo(run().getTaskId());
        done(new SiteInput.Delete(new DeleteWebJob(WebJobKind.TRIGGERED, JOB)));
        assertThat(site.getWebJobs()).extracting(WebJob::getKind).containsExactly(WebJobKind.CONTINUOUS);
    }

    @Test
    void refusesWhatIsNotThere() {
        assertThat(refusal(ask())).isEqualTo(SiteRefusalReason.NOT_FOUND);
        assertThat(refusal(new SiteInput.Start(JOB))).isEqualTo(SiteRefusalReason.NOT_FOUND);
        assertThat(refusal(new SiteInput.Stop(JOB))).isEqualTo(SiteRefusalReason.NOT_FOUND);
        assertThat(refusal(new SiteInput.Delete(new DeleteWebJob(WebJobKind.TRIGGERED, JOB))))
                .isEqualTo(SiteRefusalReason.NOT_FOUND);
        assertThat(refusal(new SiteInput.PutJobSettings(new PutWebJobSettings(WebJobKind.TRIGGERED, JOB, "{}"))))
                .isEqualTo(SiteRefusalReason.NOT_FOUND);
        triggered();
        assertThat(refusal(new SiteInput.Start(JOB))).as("not continuous").isEqualTo(SiteRefusalReason.NOT_FOUND);
    }

    /** Says of each task that may still run which files it has: what nothing names is deleted. */
    @Test
    void namesTheFilesOfARunWhoseJobHasOthersOrIsGone() {
        triggered();
        done(ask());
        String other = "cd".repeat(32);
        done(new SiteInput.Put(put(WebJobKind.TRIGGERED)
                .setFiles(WebJobFiles.newBuilder(FILES).setSha256(other).build())
                .build()));
        assertThat(job(WebJobKind.TRIGGERED).getFiles().getSha256()).isEqualTo(other);
        assertThat(run().getSha256()).isEqualTo(FILES.getSha256());
        done(new SiteInput.Delete(new DeleteWebJob(WebJobKind.TRIGGERED, JOB)));
        assertThat(site.getOrphans()).extracting(OrphanTask::getSha256).containsExactly(FILES.getSha256());
    }

    @Test
    void forgetsATaskWhoseRunIsGone() {
        triggered();
        done(ask());
        String task = run().getTaskId();
        done(new SiteInput.Delete(new DeleteWebJob(WebJobKind.TRIGGERED, JOB)));
        Site before = site;
        assertThat(decide(new SiteInput.Started(task, "node-1", 1))).isInstanceOf(Decision.Nothing.class);
        assertThat(event(new SiteInput.Ended("default", task, TaskResult.STOPPED, null, "")))
                .isEqualTo(new OrphanTaskEnded("default", task));
        assertThat(site.getOrphans()).isEmpty();
        assertThat(site.getWebJobs()).isEmpty();
        assertThat(decide(new SiteInput.Ended("default", task, TaskResult.STOPPED, null, "")))
                .as("once more")
                .isInstanceOf(Decision.Happened.class);
        assertThat(site.getRevision()).isEqualTo(before.getRevision() + 1);
        site = null;
        assertThat(event(new SiteInput.Ended("default", task, TaskResult.STOPPED, null, "")))
                .isEqualTo(new OrphanTaskEnded("default", task));
        assertThat(site).isNull();
    }

    /** Holds field case 68. */
    @Test
    void distinguishesTheTwoSwitches() {
        upload(WebJobKind.TRIGGERED, "{\"schedule\":\"0 * * * * *\"}");
        continuous();
        started(run(WebJobKind.CONTINUOUS));
        later(1);
        setting("WEBJOBS_DISABLE_SCHEDULE", "1");
        setting("webjobs_history_size", "7");
        setting("WEBJOBS_IDLE_TIMEOUT", "7");
        assertThat(SiteDecider.due(site)).isEmpty();
        later(60);
        assertThat(history()).isEmpty();
        done(ask());
        ended(run(), TaskResult.SUCCEEDED);
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.RUNNING);
        setting("WEBJOBS_STOPPED", "true");
        assertThat(refusal(ask())).isEqualTo(SiteRefusalReason.STOPPED);
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.STOPPING);
        assertThat(run(WebJobKind.CONTINUOUS).getStoppingAt()).isEqualTo(now);
        ended(run(WebJobKind.CONTINUOUS), TaskResult.STOPPED);
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).as("not started again").hasSize(1);
        later(3600);
        setting("WEBJOBS_DISABLE_SCHEDULE", null);
        setting("webjobs_stopped", null);
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.INITIALIZING);
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(2);
        assertThat(SiteDecider.due(site)).contains(Instant.parse("2026-11-21T04:02:00Z"));
        later(60);
        assertThat(run().getTrigger()).isEqualTo("Schedule - 0 * * * * *");
    }

    /** Holds field case 62. */
    @Test
    void losesTimesAtWhichItRuns() {
        upload(WebJobKind.TRIGGERED, "{\"schedule\":\"0 * * * * *\"}");
        at("2026-11-21T03:01:00Z");
        later(0);
        assertThat(run().getTrigger()).isEqualTo("Schedule - 0 * * * * *");
        started(run());
        later(60);
        later(60);
        assertThat(history()).containsExactly(WebJobRunStatus.RUNNING);
        later(30);
        ended(run(), TaskResult.SUCCEEDED);
        assertThat(history()).containsExactly(WebJobRunStatus.SUCCESS);
        later(30);
        assertThat(history()).containsExactly(WebJobRunStatus.INITIALIZING, WebJobRunStatus.SUCCESS);
        assertThat(job(WebJobKind.TRIGGERED).getMissed())
                .containsExactly(
                        new WebJobMissed(Instant.parse("2026-11-21T03:02:00Z"), 1, true),
                        new WebJobMissed(Instant.parse("2026-11-21T03:03:00Z"), 1, true));
    }

    @Test
    void firesOnceBehindAPauseAndNotAtAllBehindALongOne() {
        upload(WebJobKind.TRIGGERED, "{\"schedule\":\"0 * * * * *\"}");
        at("2026-11-21T03:09:59Z");
        later(0);
        assertThat(history())
                .as("nine times went by, the last of them a minute ago")
                .hasSize(1);
        ended(run(), TaskResult.SUCCEEDED);
        upload(WebJobKind.TRIGGERED, "{\"schedule\":\"0 0 * * * *\"}");
        at("2026-11-21T04:10:00Z");
        later(0);
        assertThat(history()).as("ten minutes late").hasSize(2);
        ended(run(), TaskResult.SUCCEEDED);
        at("2026-11-21T05:10:01Z");
        later(0);
        assertThat(history()).as("later than that").hasSize(2);
        assertThat(SiteDecider.due(site)).contains(Instant.parse("2026-11-21T06:00:00Z"));
        assertThat(job(WebJobKind.TRIGGERED).getMissed())
                .containsExactly(
                        new WebJobMissed(Instant.parse("2026-11-21T03:09:59Z"), 8, false),
                        new WebJobMissed(Instant.parse("2026-11-21T05:10:01Z"), 1, false));
    }

    @Test
    void readsSchedulesByTheClocksOfTheSite() {
        upload(WebJobKind.TRIGGERED, "{\"schedule\":\"0 30 2 * * *\"}");
        assertThat(SiteDecider.due(site)).contains(Instant.parse("2026-11-22T02:30:00Z"));
        setting("WEBSITE_TIME_ZONE", "Europe/Paris");
        assertThat(SiteDecider.due(site)).contains(Instant.parse("2026-11-22T01:30:00Z"));
        setting("WEBSITE_TIME_ZONE", " ");
        assertThat(SiteDecider.due(site)).as("by none").contains(Instant.parse("2026-11-22T02:30:00Z"));
    }

    @ParameterizedTest
    @CsvSource({"WEBSITE_TIME_ZONE, Mars/Olympus", "website_time_zone, W. Europe Standard Time"})
    void refusesATimeZoneThatThereIsNot(String name, String zone) {
        assertThat(refusal(new SiteInput.PutSettings(new PutSiteSettings(Map.of(name, zone), false))))
                .isEqualTo(SiteRefusalReason.INVALID);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"schedule\":\"0 0 3 * *\"}",
                "{\"schedule\":7}",
                "{\"schedule\":\"\"}",
                "{\"schedule\":\"0 0 3 * * 7\"}",
                "{\"schedule\":null}"
            })
    void schedulesNothingThatIsNoSchedule(String settings) {
        upload(WebJobKind.TRIGGERED, settings);
        assertThat(SiteDecider.due(site)).isEmpty();
        assertThat(job(WebJobKind.TRIGGERED).getSettings()).isEqualTo(settings);
    }

    @Test
    void schedulesNoContinuousJob() {
        upload(WebJobKind.CONTINUOUS, "{\"schedule\":\"0 * * * * *\"}");
        assertThat(SiteDecider.due(site)).isEmpty();
    }

    @Test
    void takesItsScheduleFromSettingsThatArePutLater() {
        triggered();
        done(new SiteInput.PutJobSettings(
                new PutWebJobSettings(WebJobKind.TRIGGERED, JOB, "{\"schedule\":\"0 0 4 * * *\",\"mine\":[1]}")));
        assertThat(SiteDecider.due(site)).contains(Instant.parse("2026-11-21T04:00:00Z"));
        triggered();
        assertThat(SiteDecider.due(site)).as("an upload replaces all files").isEmpty();
    }

    @Test
    void runsAContinuousJobFromItsUploadOn() {
        continuous();
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.INITIALIZING);
        started(run(WebJobKind.CONTINUOUS));
        done(new SiteInput.Waits(run(WebJobKind.CONTINUOUS).getTaskId(), 3));
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.PENDING_RESTART);
        started(run(WebJobKind.CONTINUOUS));
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.RUNNING);
        assertThat(run(WebJobKind.CONTINUOUS).getStarts())
                .extracting(start -> start.getEndedAt() != null, WebJobStart::getExitCode)
                .containsExactly(tuple(true, 3), tuple(false, null));
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(1);
    }

    @Test
    void keepsTheNewestTenStartsOfAContinuousJob() {
        continuous();
        for (int code = 1; code <= 12; code++) {
            started(run(WebJobKind.CONTINUOUS));
            done(new SiteInput.Waits(run(WebJobKind.CONTINUOUS).getTaskId(), code));
        }
        assertThat(run(WebJobKind.CONTINUOUS).getStarts())
                .extracting(WebJobStart::getExitCode)
                .containsExactly(3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    }

    @Test
    void stopsAndStartsAContinuousJob() {
        continuous();
        started(run(WebJobKind.CONTINUOUS));
        done(new SiteInput.Stop(JOB));
        settle(WebJobKind.CONTINUOUS, JOB);
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.STOPPING);
        assertThat(decide(new SiteInput.Stop(JOB))).isInstanceOf(Decision.Nothing.class);
        assertThat(decide(new SiteInput.Settle(JOB, Optional.of("node-1")))).isInstanceOf(Decision.Nothing.class);
        started(run(WebJobKind.CONTINUOUS));
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).as("it still stops").isEqualTo(WebJobRunStatus.STOPPING);
        ended(run(WebJobKind.CONTINUOUS), TaskResult.STOPPED);
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.STOPPED);
        later(3600);
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(1);
        done(new SiteInput.Start(JOB));
        settle(WebJobKind.CONTINUOUS, JOB);
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.INITIALIZING);
    }

    @Test
    void startsAgainWithOtherFilesWhenTheFormerOnesHaveStopped() {
        continuous();
        String first = run(WebJobKind.CONTINUOUS).getTaskId();
        later(1);
        continuous();
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.STOPPING);
        assertThat(run(WebJobKind.CONTINUOUS).getTaskId()).isEqualTo(first);
        ended(run(WebJobKind.CONTINUOUS), TaskResult.STOPPED);
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.INITIALIZING);
        assertThat(run(WebJobKind.CONTINUOUS).getTaskId()).isNotEqualTo(first);
    }

    @Test
    void startsAgainBehindThePauseWhereItsTaskEndedByItself() {
        continuous();
        ended(run(WebJobKind.CONTINUOUS), TaskResult.FAILED);
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(1);
        assertThat(SiteDecider.due(site)).contains(now.plus(Duration.ofSeconds(60)));
        later(59);
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(1);
        later(1);
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(2);
        assertThat(SiteDecider.due(site)).isEmpty();
    }

    @Test
    void doesNotStartAContinuousJobThatIsUploadedDisabled() {
        pool("default", "node-1");
        done(new SiteInput.Put(put(WebJobKind.CONTINUOUS).setDisabled(true).build()));
        assertThat(decide(new SiteInput.Settle(JOB, Optional.of("node-1")))).isInstanceOf(Decision.Nothing.class);
        assertThat(job(WebJobKind.CONTINUOUS).getDisabled()).isTrue();
    }

    @Test
    void runsOnThePoolOfItsOwnNameAsSoonAsThereIsOne() {
        triggered();
        done(new SiteInput.PoolHas(SITE, new PoolNodes(List.of("node-1"), 1, null)));
        assertThat(decide(new SiteInput.PoolHas(SITE, new PoolNodes(List.of("node-1"), 1, null))))
                .isInstanceOf(Decision.Nothing.class);
        assertThat(decide(new SiteInput.PoolHas("default", new PoolNodes(List.of("node-2"), 1, null))))
                .as("another pool's")
                .isInstanceOf(Decision.Nothing.class);
        done(ask());
        assertThat(run().getPoolId()).isEqualTo(SITE);
    }

    private Map<String, WebJobRunStatus> byNode() {
        Map<String, WebJobRunStatus> statuses = new TreeMap<>();
        job(WebJobKind.CONTINUOUS)
                .getRuns()
                .forEach(run -> statuses.putIfAbsent(
                        run.getPoolId() + "/" + SiteState.place(run).orElse("any"), run.getStatus()));
        return statuses;
    }

    @Test
    void endsARunWhoseTaskIsNotTakenAndForgetsNoTaskOfOthers() {
        triggered();
        done(ask());
        done(new SiteInput.NotTaken("default", run().getTaskId(), "Another task has that id: choose another id."));
        assertThat(run().getStatus()).isEqualTo(WebJobRunStatus.FAILED);
        assertThat(run().getDetail()).isEqualTo("Another task has that id: choose another id.");
        assertThat(decide(new SiteInput.NotTaken("default", "batch.task", "no")))
                .isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void runsAContinuousJobOnEveryNodeOfItsPool() {
        upload(WebJobKind.CONTINUOUS, "{}");
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).as("no node is known").isEmpty();
        pool("default", "node-1", "node-2");
        assertThat(byNode())
                .isEqualTo(Map.of(
                        "default/node-1", WebJobRunStatus.INITIALIZING,
                        "default/node-2", WebJobRunStatus.INITIALIZING));
        assertThat(job(WebJobKind.CONTINUOUS).getRuns().stream().map(WebJobRun::getTaskId))
                .doesNotHaveDuplicates();
        pool("default", "node-2", "node-3");
        assertThat(byNode())
                .isEqualTo(Map.of(
                        "default/node-1", WebJobRunStatus.STOPPING,
                        "default/node-2", WebJobRunStatus.INITIALIZING,
                        "default/node-3", WebJobRunStatus.INITIALIZING));
    }

    @Test
    void runsASingletonOnOneNode() {
        upload(WebJobKind.CONTINUOUS, "{\"is_singleton\":true}");
        pool("default", "node-1", "node-2");
        assertThat(byNode()).isEqualTo(Map.of("default/any", WebJobRunStatus.INITIALIZING));
        done(new SiteInput.PutJobSettings(new PutWebJobSettings(WebJobKind.CONTINUOUS, JOB, "{}")));
        settle(WebJobKind.CONTINUOUS, JOB);
        assertThat(byNode())
                .isEqualTo(Map.of(
                        "default/any", WebJobRunStatus.STOPPING,
                        "default/node-1", WebJobRunStatus.INITIALIZING,
                        "default/node-2", WebJobRunStatus.INITIALIZING));
    }

    @Test
    void movesAContinuousJobToThePoolOfItsOwnNameAndBack() {
        continuous();
        WebJobRun before = run(WebJobKind.CONTINUOUS);
        pool(SITE, "node-7");
        assertThat(byNode())
                .isEqualTo(Map.of(
                        "default/node-1", WebJobRunStatus.STOPPING,
                        "fleet/node-7", WebJobRunStatus.INITIALIZING));
        ended(before, TaskResult.STOPPED);
        pool(SITE);
        assertThat(byNode()).containsEntry("fleet/node-7", WebJobRunStatus.STOPPING);
        pool("default", "node-1");
        assertThat(byNode()).containsEntry("default/node-1", WebJobRunStatus.INITIALIZING);
    }

    @Test
    void startsOneNodesRunAgainWhileTheOthersGoOn() {
        upload(WebJobKind.CONTINUOUS, "{}");
        pool("default", "node-1", "node-2");
        WebJobRun failed = run(WebJobKind.CONTINUOUS);
        ended(failed, TaskResult.FAILED);
        later(59);
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(2);
        later(1);
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(3);
        assertThat(byNode().values()).containsOnly(WebJobRunStatus.INITIALIZING);
        assertThat(SiteDecider.due(site)).isEmpty();
    }

    /** A pool names those first that live. */
    @Test
    void takesTheNodesThatItsPoolNamesFirst() {
        upload(WebJobKind.CONTINUOUS, "{}");
        pool(
                "default",
                Stream.concat(Stream.of("node-99"), IntStream.range(0, 40).mapToObj("node-%02d"::formatted))
                        .toArray(String[]::new));
        assertThat(byNode()).hasSize(25).containsKey("default/node-99").doesNotContainKey("default/node-24");
    }

    @Test
    void boundsTheNodesOfAContinuousJobAndTheRunsThatItKeeps() {
        upload(WebJobKind.CONTINUOUS, "{}");
        String[] nodes = IntStream.range(0, 40).mapToObj("node-%02d"::formatted).toArray(String[]::new);
        pool("default", nodes);
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(25);
        for (int i = 0; i < 3; i++) {
            later(1);
            upload(WebJobKind.CONTINUOUS, "{}");
            List.copyOf(job(WebJobKind.CONTINUOUS).getRuns()).stream()
                    .filter(SiteState::isLiving)
                    .forEach(run -> ended(run, TaskResult.STOPPED));
        }
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(50);
        pool("default", "node-00");
        List.copyOf(job(WebJobKind.CONTINUOUS).getRuns()).stream()
                .filter(run -> run.getStatus() == WebJobRunStatus.STOPPING)
                .forEach(run -> ended(run, TaskResult.STOPPED));
        later(1);
        upload(WebJobKind.CONTINUOUS, "{}");
        List.copyOf(job(WebJobKind.CONTINUOUS).getRuns()).stream()
                .filter(SiteState::isLiving)
                .forEach(run -> ended(run, TaskResult.STOPPED));
        assertThat(job(WebJobKind.CONTINUOUS).getRuns())
                .as("those of nodes that left are dropped")
                .hasSize(2);
    }

    @Test
    void runsAContinuousJobOnTheNodesThatHaveItsInterpreter() {
        upload(WebJobKind.CONTINUOUS, "{}");
        capable(new CapableNodes("bash", List.of("node-2"), false));
        assertThat(byNode()).isEqualTo(Map.of("default/node-2", WebJobRunStatus.INITIALIZING));
        capable(
                new CapableNodes("bash", List.of("node-3", "node-30"), false),
                new CapableNodes("python", List.of("node-2"), false));
        assertThat(byNode())
                .as("one that the pool does not name among its first counts too")
                .isEqualTo(Map.of(
                        "default/node-2", WebJobRunStatus.STOPPING,
                        "default/node-3", WebJobRunStatus.INITIALIZING,
                        "default/node-30", WebJobRunStatus.INITIALIZING));
        capable();
        assertThat(byNode().values()).containsOnly(WebJobRunStatus.STOPPING);
    }

    @Test
    void followsTheInterpreterOfOtherFiles() {
        upload(WebJobKind.CONTINUOUS, "{}");
        capable(
                new CapableNodes("bash", List.of("node-1"), false),
                new CapableNodes("python", List.of("node-2"), false));
        later(1);
        done(new SiteInput.Put(put(WebJobKind.CONTINUOUS)
                .setFiles(
                        WebJobFiles.newBuilder(FILES).setHost(ScriptHost.PYTHON).build())
                .build()));
        settle(WebJobKind.CONTINUOUS, JOB);
        assertThat(byNode())
                .isEqualTo(Map.of(
                        "default/node-1", WebJobRunStatus.STOPPING,
                        "default/node-2", WebJobRunStatus.INITIALIZING));
    }

    @Test
    void beginsASingletonOnceANodeHasItsInterpreter() {
        upload(WebJobKind.CONTINUOUS, "{\"is_singleton\":true}");
        capable(new CapableNodes("python", List.of("node-1"), false));
        assertThat(byNode()).isEmpty();
        capable(new CapableNodes("bash", List.of("node-2"), false));
        assertThat(byNode()).isEqualTo(Map.of("default/any", WebJobRunStatus.INITIALIZING));
    }

    /** Names the nodes of the usual pool by what they have. */
    private void capable(CapableNodes... nodes) {
        decide(new SiteInput.PoolHas("default", new PoolNodes(List.of("node-1"), 3, List.of(nodes))));
        settle(WebJobKind.CONTINUOUS, JOB);
    }

    @Test
    void losesNoTimeThatHasComeToSettingsThatAreReadBeforeIt() {
        upload(WebJobKind.TRIGGERED, "{\"schedule\":\"0 5 3 * * *\"}");
        at("2026-11-21T03:05:20Z");
        setting("COLOR", "red");
        done(new SiteInput.PutJobSettings(new PutWebJobSettings(
                WebJobKind.TRIGGERED, JOB, "{\"schedule\":\"0 5 3 * * *\",\"stopping_wait_time\":7}")));
        upload(WebJobKind.TRIGGERED, "{\"schedule\":\"0 5 3 * * *\"}");
        later(0);
        assertThat(history()).containsExactly(WebJobRunStatus.INITIALIZING);
    }

    @Test
    void startsAContinuousJobAnewWhenSettingsChange() {
        continuous();
        later(1);
        done(new SiteInput.PutJobSettings(
                new PutWebJobSettings(WebJobKind.CONTINUOUS, JOB, "{\"stopping_wait_time\":60}")));
        settle(WebJobKind.CONTINUOUS, JOB);
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.STOPPING);
        ended(run(WebJobKind.CONTINUOUS), TaskResult.STOPPED);
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.INITIALIZING);
        later(1);
        setting("PASSWORD", "new");
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.STOPPING);
        ended(run(WebJobKind.CONTINUOUS), TaskResult.STOPPED);
        later(1);
        setting("PASSWORD", "new");
        assertThat(run(WebJobKind.CONTINUOUS).getStatus())
                .as("nothing changed")
                .isEqualTo(WebJobRunStatus.INITIALIZING);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void endsTheRunsOfASiteThatIsStopped(boolean runs) {
        triggered();
        done(ask());
        if (runs) {
            started(run());
        }
        setting("WEBJOBS_DISABLE_SCHEDULE", "1");
        assertThat(run().getStatus()).isNotEqualTo(WebJobRunStatus.STOPPING);
        setting("WEBJOBS_STOPPED", "1");
        assertThat(run().getStatus()).isEqualTo(WebJobRunStatus.STOPPING);
        assertThat(event(new SiteInput.SettleRun(JOB))).as("once").isEqualTo("none");
        ended(run(), TaskResult.STOPPED);
        assertThat(history()).containsExactly(WebJobRunStatus.STOPPED);
        assertThat(run().getDetail()).isEqualTo("The run was stopped, since the site has the setting WEBJOBS_STOPPED.");
    }

    @Test
    void endsARunThatWaitsInAPoolWhichTheSiteHasLeft() {
        triggered();
        pool(SITE, "node-7");
        done(ask());
        pool(SITE);
        assertThat(run().getStatus()).isEqualTo(WebJobRunStatus.STOPPING);
        ended(run(), TaskResult.STOPPED);
        assertThat(run().getDetail())
                .isEqualTo("The run waited in the pool fleet, which the site has left, and was stopped: run it again.");
        done(ask());
        assertThat(run().getPoolId()).isEqualTo("default");
    }

    @Test
    void startsASingletonWhenTheRunsOnAllNodesHaveEnded() {
        upload(WebJobKind.CONTINUOUS, "{}");
        pool("default", "node-1", "node-2");
        later(1);
        done(new SiteInput.PutJobSettings(
                new PutWebJobSettings(WebJobKind.CONTINUOUS, JOB, "{\"is_singleton\":true}")));
        settle(WebJobKind.CONTINUOUS, JOB);
        List<WebJobRun> before = List.copyOf(job(WebJobKind.CONTINUOUS).getRuns());
        assertThat(before).extracting(WebJobRun::getStatus).containsOnly(WebJobRunStatus.STOPPING);
        ended(before.getFirst(), TaskResult.STOPPED);
        assertThat(byNode()).doesNotContainKey("default/any");
        ended(before.getLast(), TaskResult.STOPPED);
        assertThat(byNode()).containsEntry("default/any", WebJobRunStatus.INITIALIZING);
    }

    @Test
    void isASiteFromItsFirstSetting() {
        Map<String, String> none = new HashMap<>();
        none.put("COLOR", null);
        assertThat(refusal(new SiteInput.PutSettings(new PutSiteSettings(none, false))))
                .as("nothing is set")
                .isEqualTo(SiteRefusalReason.NOT_FOUND);
        assertThat(refusal(new SiteInput.PutSettings(new PutSiteSettings(Map.of(), true))))
                .isEqualTo(SiteRefusalReason.NOT_FOUND);
        setting("COLOR", "red");
        assertThat(site.getSettings()).isEqualTo(Map.of("COLOR", "red"));
        setting("COLOR", null);
        assertThat(site.getSettings()).isEmpty();
    }

    @Test
    void boundsTheTextsOfARunInBytes() {
        triggered();
        done(new SiteInput.Run(new RunWebJob(JOB, "", "\uD83D\uDE80".repeat(100)), null));
        assertThat(run().getTrigger()).isEqualTo("\uD83D\uDE80".repeat(63) + "…");
    }

    @Test
    void boundsTheSettingsOfASiteAndItsJobs() {
        String settings = "{\"a\":\"" + "€".repeat(16 * 1024 - 10) + "\"}";
        for (int i = 0; i < 42; i++) {
            done(new SiteInput.Put(put(WebJobKind.TRIGGERED)
                    .setName("job" + i)
                    .setSettings(settings)
                    .build()));
        }
        assertThat(refusal(new SiteInput.Put(put(WebJobKind.TRIGGERED)
                        .setName("more")
                        .setSettings(settings)
                        .build())))
                .isEqualTo(SiteRefusalReason.INVALID);
        done(new SiteInput.Put(
                put(WebJobKind.TRIGGERED).setName("job7").setSettings(settings).build()));
        Map<String, String> large = new HashMap<>();
        for (int i = 0; i < 10; i++) {
            large.put("s" + i, "€".repeat(4096));
        }
        assertThat(refusal(new SiteInput.PutSettings(new PutSiteSettings(large, true))))
                .isEqualTo(SiteRefusalReason.INVALID);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "7", "Nightly-purge_2", "a----"})
    void acceptsAName(String name) {
        done(new SiteInput.Put(put(WebJobKind.TRIGGERED).setName(name).build()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-a", "_a", "a b", "a/b", "..", "a.b", "ä", "a\n"})
    void rejectsAName(String name) {
        assertThat(refusal(new SiteInput.Put(
                        put(WebJobKind.TRIGGERED).setName(name).build())))
                .isEqualTo(SiteRefusalReason.INVALID);
    }

    @Test
    void rejectsALongName() {
        done(new SiteInput.Put(put(WebJobKind.TRIGGERED).setName("a".repeat(64)).build()));
        assertThat(refusal(new SiteInput.Put(
                        put(WebJobKind.TRIGGERED).setName("a".repeat(65)).build())))
                .isEqualTo(SiteRefusalReason.INVALID);
    }

    @ParameterizedTest
    @CsvSource({
        "AB, '', run.sh, run.sh",
        "ok, ../x, run.sh, run.sh",
        "ok, /x, run.sh, run.sh",
        "ok, x//y, run.sh, run.sh",
        "ok, '', ../run.sh, run.sh",
        "ok, '', '', run.sh",
        "ok, '', run.sh, a/run.sh",
        "ok, '', run.sh, .."
    })
    void rejectsFilesThatLieElsewhere(String hash, String directory, String script, String fileName) {
        WebJobFiles files = WebJobFiles.newBuilder(FILES)
                .setSha256(hash.equals("ok") ? FILES.getSha256() : hash)
                .setDirectory(directory)
                .setScript(script)
                .setFileName(fileName)
                .build();
        assertThat(refusal(new SiteInput.Put(
                        put(WebJobKind.TRIGGERED).setFiles(files).build())))
                .isEqualTo(SiteRefusalReason.INVALID);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "7", "{", "{}{}"})
    void rejectsSettingsThatAreNoObject(String settings) {
        assertThat(refusal(new SiteInput.Put(
                        put(WebJobKind.TRIGGERED).setSettings(settings).build())))
                .isEqualTo(SiteRefusalReason.INVALID);
        triggered();
        assertThat(refusal(new SiteInput.PutJobSettings(new PutWebJobSettings(WebJobKind.TRIGGERED, JOB, settings))))
                .isEqualTo(SiteRefusalReason.INVALID);
    }

    @Test
    void keepsWhyUploadedSettingsAreNotUsedUntilOthersCome() {
        done(new SiteInput.Put(
                put(WebJobKind.TRIGGERED).setSettingsFault("x".repeat(600)).build()));
        assertThat(job(WebJobKind.TRIGGERED).getSettingsFault()).isEqualTo("x".repeat(509) + "…");
        done(new SiteInput.PutJobSettings(new PutWebJobSettings(WebJobKind.TRIGGERED, JOB, "{}")));
        assertThat(job(WebJobKind.TRIGGERED).getSettingsFault()).isEmpty();
    }

    @Test
    void saysWhatIsWrongWithALongFileNameAndWithArguments() {
        WebJobFiles files = WebJobFiles.newBuilder(FILES)
                .setFileName("ä".repeat(131) + ".sh")
                .build();
        assertThat(sentence(new SiteInput.Put(
                        put(WebJobKind.TRIGGERED).setFiles(files).build())))
                .isEqualTo("The name of a WebJob's file has at most 255 bytes in UTF-8.");
        triggered();
        assertThat(sentence(new SiteInput.Run(new RunWebJob(JOB, "a\0", "x"), null)))
                .contains("NUL");
        assertThat(sentence(new SiteInput.Run(new RunWebJob(JOB, "a".repeat(4097), "x"), null)))
                .contains("at most 4096 characters");
    }

    private String sentence(SiteInput input) {
        return ((SiteRefused) ((Decision.Refused<SiteEvent>) decide(input)).refusal()).getMessage();
    }

    @Test
    void boundsItsJobsAndSettings() {
        for (int i = 0; i < 100; i++) {
            done(new SiteInput.Put(put(WebJobKind.TRIGGERED).setName("job" + i).build()));
        }
        assertThat(refusal(new SiteInput.Put(
                        put(WebJobKind.TRIGGERED).setName("more").build())))
                .isEqualTo(SiteRefusalReason.TOO_MANY_JOBS);
        done(new SiteInput.Put(put(WebJobKind.TRIGGERED).setName("job7").build()));
        Map<String, String> many = new HashMap<>();
        for (int i = 0; i <= 200; i++) {
            many.put("s" + i, "v");
        }
        assertThat(refusal(new SiteInput.PutSettings(new PutSiteSettings(many, true))))
                .isEqualTo(SiteRefusalReason.INVALID);
    }

    @Test
    void replacesOrMergesSettings() {
        setting("A", "1");
        setting("b", "2");
        setting("a", "3");
        assertThat(site.getSettings()).containsExactlyInAnyOrderEntriesOf(Map.of("a", "3", "b", "2"));
        setting("B", null);
        assertThat(site.getSettings()).containsExactlyInAnyOrderEntriesOf(Map.of("a", "3"));
        done(new SiteInput.PutSettings(new PutSiteSettings(Map.of("c", "4"), true)));
        assertThat(site.getSettings()).containsExactlyInAnyOrderEntriesOf(Map.of("c", "4"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Upper", "-a", "a-", "a.b", ""})
    void rejectsASitesName(String name) {
        assertThat(SiteDecider.decide(
                        name, null, new SiteInput.Put(put(WebJobKind.TRIGGERED).build()), now))
                .isInstanceOf(Decision.Refused.class);
    }
}
