package io.muster.planner.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.BatchJobDefinition;
import io.muster.records.CreateBatchJob;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.ReportScheduleCall;
import io.muster.records.RunSiteJob;
import io.muster.records.Schedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleEvent;
import io.muster.records.ScheduleFired;
import io.muster.records.ScheduleMissed;
import io.muster.records.ScheduleRefusalReason;
import io.muster.records.ScheduleRefused;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.ScheduleStatus;
import io.muster.records.Timing;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fires schedules that make jobs of Batch. Each has a job at the start, 12:00, and is due each hour. */
class JobFiringsTest {
    private static final String ID = "batch/nightly";
    private static final int NO_LIMIT = Integer.MAX_VALUE;

    private Instant now = time("12:00");
    private Duration delay = Duration.ZERO;
    private @Nullable Schedule schedule;

    private static Instant time(String time) {
        return Instant.parse("2026-11-29T" + time + ":00Z");
    }

    private Decision<ScheduleEvent> decide(ScheduleInput input) {
        Decision<ScheduleEvent> decision = ScheduleDecider.decide(ID, schedule, input, now);
        if (decision instanceof Decision.Happened<ScheduleEvent>(ScheduleEvent event)) {
            schedule = ScheduleDecider.evolve(schedule, event);
        }
        return decision;
    }

    private static Timing.Builder hourly() {
        return Timing.newBuilder().setRecurrence(new ElapsedRecurrence(3600L));
    }

    private static ScheduleInput.Save save(Timing.Builder timing, int window) {
        BatchJobDefinition job =
                BatchJobDefinition.newBuilder().setPoolId("edge").build();
        return new ScheduleInput.Save(ScheduleDefinition.newBuilder()
                .setTiming(timing.build())
                .setAction(CreateBatchJob.newBuilder()
                        .setJobScheduleId("Nightly")
                        .setDefinition(job)
                        .build())
                .setToleranceSeconds(window)
                .build());
    }

    /** Lets time pass, and each due time decide. */
    private void until(String end) {
        while (true) {
            @Nullable Instant due = ScheduleDecider.due(schedule).orElse(null);
            if (due == null || due.isAfter(time(end))) {
                now = time(end);
                return;
            }
            now = due.plus(delay).isAfter(now) ? due.plus(delay) : now;
            ScheduleDecider.whenDue(schedule).forEach(this::decide);
        }
    }

    private void jobEnds() {
        decide(new ScheduleInput.Report(
                new ReportScheduleCall(schedule.getActiveRun(), false, 0, now, now, true, "It has ended.")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            # start window, minutes | when the first job ends | jobs made up to 15:30 | missed
            -  | 12:20 | 2 | 1
            -  | 13:40 | 2 | 1
            -  | 14:20 | 2 | 1
            10 | 12:20 | 2 | 2
            10 | 13:05 | 2 | 2
            10 | 13:20 | 2 | 2
            10 | 14:40 | 2 | 2
            10 | -     | 1 | 3
            -  | -     | 1 | 2
            """)
    void hasOneJobAtATimeAndLetsATimeWaitWithinItsWindow(
            @Nullable Integer window, @Nullable String ends, long jobs, long missed) {
        decide(save(hourly(), window == null ? NO_LIMIT : window * 60));
        until("12:10");
        assertThat(schedule.getLastJob()).as("at once").isEqualTo(1);
        if (ends != null) {
            until(ends);
            jobEnds();
        }
        until("15:30");
        assertThat(schedule.getLastJob()).isEqualTo(jobs);
        assertThat(schedule.getMissed()).isEqualTo(missed);
        assertThat(schedule.getActiveRun()).isNotNull();
    }

    @ParameterizedTest
    @CsvSource({"12:20, 13:00", "13:05, 13:05", "13:20, 14:00"})
    void makesTheNextJobWhenTheLastHasEndedOrAtTheNextTime(String ends, String expected) {
        decide(save(hourly(), 600));
        until(ends);
        jobEnds();
        until("15:30");
        assertThat(schedule.getRecent().stream()
                        .filter(run -> !run.getMissed())
                        .findFirst()
                        .orElseThrow()
                        .getAt())
                .isEqualTo(time(expected));
    }

    /** Loses the report of a job: it is asked for, at pauses that double up to an hour, until somebody answers. */
    @Test
    void asksForAJobThatNobodyReports() {
        decide(save(Timing.newBuilder(), NO_LIMIT));
        until("12:00");
        List<String> asked = new ArrayList<>();
        while (asked.size() < 8) {
            now = ScheduleDecider.due(schedule).orElseThrow();
            asked.add(now.toString().substring(11, 16));
            ScheduleDecider.whenDue(schedule).forEach(this::decide);
        }
        assertThat(asked).containsExactly("12:01", "12:03", "12:07", "12:15", "12:31", "13:03", "14:03", "15:03");
        assertThat(schedule.getLastJob()).isEqualTo(1);
        decide(new ScheduleInput.Report(new ReportScheduleCall(
                schedule.getActiveRun(), false, 0, now, now, false, "The job Nightly:job-1 was not made.")));
        assertThat(schedule.getRecent().getFirst().getOutcome()).isEqualTo(ScheduleRunOutcome.FAILED);
        assertThat(schedule.getActiveRun()).isNull();
        assertThat(ScheduleDecider.due(schedule)).isEmpty();
    }

    @Test
    void asksForAJobOfADisabledScheduleToo() {
        decide(save(hourly(), NO_LIMIT));
        until("12:10");
        decide(new ScheduleInput.Save(ScheduleDefinition.newBuilder(schedule.getDefinition())
                .setEnabled(false)
                .build()));
        assertThat(ScheduleDecider.due(schedule)).contains(time("12:15"));
    }

    @Test
    void isOverWithItsOnlyJob() {
        decide(save(Timing.newBuilder(), NO_LIMIT));
        until("12:30");
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        assertThat(schedule.getActiveRun()).isNotNull();
        jobEnds();
        assertThat(schedule.getActiveRun()).isNull();
        assertThat(schedule.getRecent().getFirst().getMessage()).isEqualTo("It has ended.");
        assertThat(schedule.getRecent().getFirst().getOutcome()).isEqualTo(ScheduleRunOutcome.DONE);
        assertThat(reason(save(hourly(), NO_LIMIT))).isEqualTo(ScheduleRefusalReason.COMPLETED);
        assertThat(reason(new ScheduleInput.End())).isEqualTo(ScheduleRefusalReason.COMPLETED);
    }

    @Test
    void goesOnWithTimesThatItGetsWhileItsLastJobIsUnderWay() {
        decide(save(hourly().setEnd(time("12:00")), NO_LIMIT));
        until("12:10");
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        decide(save(hourly().setStart(time("13:00")).setEnd(time("13:30")), NO_LIMIT));
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.ENABLED);
        jobEnds();
        until("13:10");
        assertThat(schedule.getLastJob()).isEqualTo(2);
    }

    private @Nullable ScheduleRefusalReason reason(ScheduleInput input) {
        return decide(input) instanceof Decision.Refused<ScheduleEvent> refused
                ? ((ScheduleRefused) refused.refusal()).getReason()
                : null;
    }

    @Test
    void makesNoJobBehindItsEndForATimeThatWaited() {
        decide(save(hourly().setEnd(time("13:30")), NO_LIMIT));
        until("13:40");
        jobEnds();
        until("15:00");
        assertThat(schedule.getLastJob()).isEqualTo(1);
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"batch/other", "nightly", "batch/Nightly"})
    void hasTheIdOfItsName(String id) {
        assertThat(ScheduleDecider.decide(id, null, save(hourly(), NO_LIMIT), now))
                .isInstanceOf(Decision.Refused.class);
    }

    /** Keeps other schedules out of the list of those that make jobs. */
    @Test
    void sharesItsIdsWithNoOtherSchedules() {
        ScheduleInput.Save call = new ScheduleInput.Save(ScheduleDefinition.newBuilder()
                .setTiming(hourly().build())
                .setAction(new RunSiteJob("site", "job", ""))
                .build());
        assertThat(ScheduleDecider.decide(ID, null, call, now)).isInstanceOf(Decision.Refused.class);
        assertThat(ScheduleDecider.decide("nightly", null, call, now)).isInstanceOf(Decision.Happened.class);
    }

    /** Fires a little behind its time, as each planner does. */
    @ParameterizedTest
    @CsvSource({"12:00, 1", "13:00, 2"})
    void makesTheJobOfTheTimeAtWhichItEnds(String end, long jobs) {
        delay = Duration.ofSeconds(1);
        decide(save(hourly().setEnd(time(end)), NO_LIMIT));
        until("12:10");
        jobEnds();
        until("15:00");
        assertThat(schedule.getLastJob()).isEqualTo(jobs);
        assertThat(schedule.getMissed()).isZero();
    }

    /** Saves one whose start is past: the time that is open brings a job. */
    @ParameterizedTest
    @CsvSource({"2147483647, 1", "1800, 1", "600, 0"})
    void beginsWithTheTimeThatIsOpen(int window, long jobs) {
        now = time("14:20");
        decide(save(hourly().setStart(time("12:00")), window));
        until("14:50");
        assertThat(schedule.getLastJob()).isEqualTo(jobs);
        assertThat(schedule.getNextAt()).isEqualTo(time("15:00"));
    }

    @Test
    void makesTheJobThatWasDueWhileItWasDisabledWhereItsTimeIsStillOpen() {
        decide(save(hourly(), NO_LIMIT));
        until("12:10");
        jobEnds();
        ScheduleDefinition enabled = schedule.getDefinition();
        decide(new ScheduleInput.Save(
                ScheduleDefinition.newBuilder(enabled).setEnabled(false).build()));
        until("13:20");
        assertThat(schedule.getLastJob()).isEqualTo(1);
        decide(new ScheduleInput.Save(enabled));
        until("13:20");
        assertThat(schedule.getLastJob()).isEqualTo(2);
    }

    @Test
    void isEndedByAUserAndHearsNoMoreOfItsJob() {
        decide(save(hourly(), NO_LIMIT));
        until("12:10");
        String run = schedule.getActiveRun();
        decide(new ScheduleInput.End());
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        assertThat(schedule.getStatusSince()).isEqualTo(now);
        assertThat(ScheduleDecider.due(schedule)).isEmpty();
        assertThat(decide(new ScheduleInput.Report(new ReportScheduleCall(run, false, 0, now, now, true, "Late."))))
                .isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void numbersItsJobsOnWhateverItsTimesAre() {
        decide(save(hourly(), NO_LIMIT));
        until("12:10");
        jobEnds();
        decide(save(Timing.newBuilder().setRecurrence(new ElapsedRecurrence(600L)), NO_LIMIT));
        until("12:10");
        assertThat(schedule.getLastJob()).isEqualTo(2);
        assertThat(schedule.getFired()).as("counted by its times").isEqualTo(1);
    }

    @Test
    void firesNoTimeAgainWhereItsEndIsChanged() {
        decide(save(hourly().setStart(time("12:00")), NO_LIMIT));
        until("13:10");
        jobEnds();
        until("13:20");
        jobEnds();
        long made = schedule.getLastJob();
        assertThat(schedule.getActiveRun()).isNull();
        decide(save(hourly().setStart(time("12:00")).setEnd(time("20:00")), NO_LIMIT));
        until("13:30");
        assertThat(schedule.getLastJob()).isEqualTo(made);
        until("14:05");
        assertThat(schedule.getLastJob()).isEqualTo(made + 1);
    }

    @Test
    void isChangedByItsRevision() {
        assertThat(reason(new ScheduleInput.IfRevision(0, save(hourly(), NO_LIMIT))))
                .isNull();
        assertThat(schedule.getRevision()).isEqualTo(1);
        until("12:10");
        assertThat(schedule.getRevision()).as("a firing is no revision").isEqualTo(1);
        assertThat(reason(new ScheduleInput.IfRevision(0, save(hourly(), NO_LIMIT))))
                .isEqualTo(ScheduleRefusalReason.EXISTS);
        assertThat(reason(new ScheduleInput.IfRevision(2, save(hourly(), NO_LIMIT))))
                .isEqualTo(ScheduleRefusalReason.CHANGED_MEANWHILE);
        assertThat(reason(new ScheduleInput.IfRevision(1, save(hourly(), NO_LIMIT))))
                .isNull();
        assertThat(reason(new ScheduleInput.IfRevision(2, new ScheduleInput.Delete())))
                .isNull();
        assertThat(reason(new ScheduleInput.IfRevision(3, new ScheduleInput.Delete())))
                .isEqualTo(ScheduleRefusalReason.NOT_FOUND);
    }

    @Test
    void refusesByItsNameWhatItsJobsCouldNotBe() {
        ScheduleDefinition definition = save(hourly(), NO_LIMIT).definition();
        CreateBatchJob create = (CreateBatchJob) definition.getAction();
        CreateBatchJob wrong = CreateBatchJob.newBuilder(create)
                .setDefinition(BatchJobDefinition.newBuilder(create.getDefinition())
                        .setPriority(2000)
                        .build())
                .build();
        Decision<ScheduleEvent> decision = decide(new ScheduleInput.Save(
                ScheduleDefinition.newBuilder(definition).setAction(wrong).build()));
        assertThat(((ScheduleRefused) ((Decision.Refused<ScheduleEvent>) decision).refusal()).getMessage())
                .startsWith("jobSpecification.priority: ");
    }

    /** Has the planner away over several times: the last of them brings the job. */
    @Test
    void makesOneJobForTimesThatPassedWhileThePlannerWasAway() {
        decide(save(hourly(), NO_LIMIT));
        until("12:10");
        jobEnds();
        now = time("12:10").plus(Duration.ofHours(3));
        Decision<ScheduleEvent> decision = decide(new ScheduleInput.Due());
        assertThat(((Decision.Happened<ScheduleEvent>) decision).event().getEvent())
                .isInstanceOf(ScheduleFired.class);
        assertThat(schedule.getLastAt()).isEqualTo(time("15:00"));
        now = time("18:30");
        decision = decide(new ScheduleInput.Due());
        assertThat(((ScheduleMissed) ((Decision.Happened<ScheduleEvent>) decision)
                                .event()
                                .getEvent())
                        .getNextAt())
                .as("the last time is open while the job goes on")
                .isEqualTo(time("18:00"));
    }
}
