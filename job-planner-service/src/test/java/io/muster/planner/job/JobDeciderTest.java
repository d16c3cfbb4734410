package io.muster.planner.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceMethod;
import io.muster.records.Job;
import io.muster.records.JobCancelled;
import io.muster.records.JobCompleted;
import io.muster.records.JobCreated;
import io.muster.records.JobDefinition;
import io.muster.records.JobEvent;
import io.muster.records.JobFailed;
import io.muster.records.JobPaused;
import io.muster.records.JobPolicy;
import io.muster.records.JobQueued;
import io.muster.records.JobRefusalReason;
import io.muster.records.JobRefused;
import io.muster.records.JobStarted;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.JobTimedOut;
import io.muster.records.TwinPatch;
import io.muster.service.decider.Decision;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobDeciderTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");
    private static final Instant LATER = NOW.plusSeconds(60);
    private static final JobInput CANCEL = new JobInput.Cancel();
    private static final JobInput QUEUE = new JobInput.Queue();
    private static final JobInput START = new JobInput.Start();
    private static final JobInput TIME_OUT = new JobInput.TimeOut();

    private static JobDefinition method(String id, String condition, @Nullable Instant start, int seconds) {
        return new JobDefinition(id, new DeviceMethod("reboot", "null", 30, 0), condition, start, seconds, null);
    }

    private static JobInput create(@Nullable Instant start) {
        return new JobInput.Create(method("job-1", "tags.site='A'", start, 120), 7, false, null);
    }

    private static JobInput tally(int expanded, int partitions, long queued, long running, long succeeded) {
        return new JobInput.Tally(new JobStatistics(
                "job-1",
                new DeviceJobCounts(queued + running + succeeded, queued, running, succeeded, 0L, 0L),
                expanded,
                partitions,
                NOW,
                7L,
                List.of()));
    }

    private static Job job(JobInput... intents) {
        @Nullable Job job = null;
        for (JobInput input : intents) {
            if (JobDecider.decide(job, input, input == TIME_OUT ? NOW.plusSeconds(120) : NOW)
                    instanceof Decision.Happened<JobEvent> happened) {
                job = JobDecider.evolve(job, happened.event());
            }
        }
        return java.util.Objects.requireNonNull(job);
    }

    private static final JobInput FAIL = new JobInput.Fail(7, "The group is gone.");
    private static final JobInput IN_LANE = new JobInput.Create(
            JobDefinition.newBuilder(method("job-1", "*", null, 120))
                    .setPolicy(JobPolicy.newBuilder().setLane("l").build())
                    .build(),
            7,
            false,
            null);
    private static final Job IN_LINE = job(IN_LANE);
    /** Has begun, was paused, and waits in line again: its ticket is the number of the event that resumed it. */
    private static final Job IN_LINE_AGAIN =
            job(IN_LANE, new JobInput.Admit(7, 1), START, new JobInput.Pause(), new JobInput.Resume());

    private static final Job SCHEDULED = job(create(LATER));
    private static final Job QUEUED = job(create(null));
    private static final Job RUNNING = job(create(null), START);
    private static final Job TIMED_OUT = job(create(null), START, TIME_OUT);
    private static final Job COMPLETED = job(create(null), START, tally(4, 4, 0, 0, 0));
    private static final Job CANCELLED = job(create(null), CANCEL);

    /** Returns (state, input, now) → the event's type, or null where nothing changes. */
    static Stream<Arguments> life() {
        return Stream.of(
                arguments(null, create(null), NOW, JobCreated.class),
                arguments(null, create(LATER), NOW, JobCreated.class),
                arguments(SCHEDULED, QUEUE, NOW, null),
                arguments(SCHEDULED, QUEUE, LATER, JobQueued.class),
                arguments(SCHEDULED, START, LATER, null),
                arguments(SCHEDULED, CANCEL, NOW, JobCancelled.class),
                arguments(QUEUED, QUEUE, NOW, null),
                arguments(QUEUED, START, NOW, JobStarted.class),
                arguments(QUEUED, CANCEL, NOW, JobCancelled.class),
                arguments(QUEUED, FAIL, NOW, JobFailed.class),
                arguments(QUEUED, new JobInput.Fail(6, "It is of another."), NOW, null),
                arguments(RUNNING, FAIL, NOW, null),
                arguments(QUEUED, new JobInput.Deny(7, 1), NOW, null),
                arguments(IN_LINE, START, NOW, null),
                arguments(IN_LINE, new JobInput.Deny(7, 1), NOW, JobFailed.class),
                arguments(IN_LINE, new JobInput.Deny(7, 2), NOW, null),
                arguments(IN_LINE, new JobInput.Deny(6, 1), NOW, null),
                arguments(IN_LINE_AGAIN, new JobInput.Deny(7, 1), NOW, null),
                arguments(IN_LINE_AGAIN, new JobInput.Deny(7, IN_LINE_AGAIN.getTicket()), NOW, JobPaused.class),
                arguments(
                        job(new JobInput.Create(method("b", "SELECT * FROM devices", null, 1), 1, false, null)),
                        START,
                        NOW,
                        JobFailed.class),
                arguments(RUNNING, START, NOW, null),
                arguments(RUNNING, CANCEL, NOW, JobCancelled.class),
                arguments(null, by(NOW), NOW, JobCreated.class),
                arguments(RUNNING, TIME_OUT, NOW.plusSeconds(119), null),
                arguments(RUNNING, TIME_OUT, NOW.plusSeconds(120), JobTimedOut.class),
                arguments(TIMED_OUT, TIME_OUT, NOW.plusSeconds(121), null),
                arguments(RUNNING, tally(0, 0, 0, 0, 0), NOW, null),
                arguments(RUNNING, tally(3, 4, 0, 0, 5), NOW, null),
                arguments(RUNNING, tally(4, 4, 1, 0, 5), NOW, null),
                arguments(RUNNING, tally(4, 4, 0, 1, 5), NOW, null),
                arguments(RUNNING, tally(4, 4, 0, 0, 5), NOW, JobCompleted.class),
                arguments(RUNNING, tally(4, 4, 0, 0, 0), NOW, JobCompleted.class),
                arguments(TIMED_OUT, tally(4, 4, 0, 0, 5), NOW, JobCompleted.class),
                arguments(COMPLETED, CANCEL, NOW, null),
                arguments(COMPLETED, tally(4, 4, 0, 0, 5), NOW, null),
                arguments(CANCELLED, CANCEL, NOW, null),
                arguments(CANCELLED, START, NOW, null),
                arguments(CANCELLED, tally(4, 4, 0, 0, 5), NOW, null));
    }

    @ParameterizedTest
    @MethodSource("life")
    void decidesAsTheTableSays(@Nullable Job state, JobInput input, Instant now, @Nullable Class<?> event) {
        Decision<JobEvent> decision = JobDecider.decide(state, input, now);
        if (event == null) {
            assertThat(decision).isEqualTo(new Decision.Nothing<>());
        } else {
            assertThat(decision)
                    .isInstanceOfSatisfying(
                            Decision.Happened.class,
                            happened -> assertThat(((JobEvent) happened.event()).getEvent())
                                    .isInstanceOf(event));
        }
    }

    /** Returns the input by which the firing of a schedule asks for a job. */
    private static JobInput by(Instant until) {
        return new JobInput.Create(method("a", "*", null, 0), 1, false, until);
    }

    static Stream<Arguments> refusals() {
        JobDefinition noTwin = new JobDefinition("a", new TwinPatch(null, null, null), "*", null, 0, null);
        JobDefinition badTag = new JobDefinition("a", new TwinPatch(null, "{\"a.b\":1}", null), "*", null, 0, null);
        JobDefinition notJson = new JobDefinition("a", new TwinPatch(null, null, "{"), "*", null, 0, null);
        JobDefinition beyond = new JobDefinition("a", new TwinPatch(null, null, "{\"x\":1e400}"), "*", null, 0, null);
        JobDefinition payload = new JobDefinition("a", new DeviceMethod("m", "[1e400]", 30, 0), "*", null, 0, null);
        return Stream.of(
                arguments(null, CANCEL, JobRefusalReason.NOT_FOUND),
                arguments(RUNNING, create(null), JobRefusalReason.ALREADY_EXISTS),
                arguments(RUNNING, by(NOW.minusMillis(1)), JobRefusalReason.ALREADY_EXISTS),
                arguments(null, by(NOW.minusMillis(1)), JobRefusalReason.LATE),
                arguments(
                        null,
                        new JobInput.Create(method("job 1", "*", null, 0), 1, false, null),
                        JobRefusalReason.INVALID),
                arguments(
                        null,
                        new JobInput.Create(method("a".repeat(281), "*", null, 0), 1, false, null),
                        JobRefusalReason.INVALID),
                arguments(
                        null,
                        new JobInput.Create(method("a", " ", null, 0), 1, false, null),
                        JobRefusalReason.INCOMPLETE),
                arguments(
                        null,
                        new JobInput.Create(method("a", "*", null, -1), 1, false, null),
                        JobRefusalReason.INVALID),
                arguments(null, new JobInput.Create(noTwin, 1, false, null), JobRefusalReason.INCOMPLETE),
                arguments(null, new JobInput.Create(badTag, 1, false, null), JobRefusalReason.INVALID),
                arguments(null, new JobInput.Create(notJson, 1, false, null), JobRefusalReason.INVALID),
                arguments(null, new JobInput.Create(beyond, 1, false, null), JobRefusalReason.INVALID),
                arguments(null, new JobInput.Create(payload, 1, false, null), JobRefusalReason.INVALID));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void refuses(@Nullable Job state, JobInput input, JobRefusalReason reason) {
        assertThat(JobDecider.decide(state, input, NOW))
                .isInstanceOfSatisfying(
                        Decision.Refused.class,
                        refused -> assertThat(refused.refusal())
                                .isInstanceOfSatisfying(
                                        JobRefused.class,
                                        refusal ->
                                                assertThat(refusal.getReason()).isEqualTo(reason)));
    }

    @Test
    void startsAtOnceForAStartTimeInThePast() {
        assertThat(job(create(NOW.minusSeconds(5))).getStatus()).isEqualTo(JobStatus.QUEUED);
    }

    @Test
    void countsTheTimeLimitFromTheStart() {
        assertThat(RUNNING.getDeadline()).isEqualTo(NOW.plusSeconds(120));
        Job byDefault = job(new JobInput.Create(method("a", "*", null, 0), 1, false, null), START);
        assertThat(byDefault.getDeadline()).isEqualTo(NOW.plusSeconds(3600));
    }

    @Test
    void failsTheJobAtAConditionThatDoesNotParseAndSaysWhere() {
        Job failed = job(new JobInput.Create(method("b", "SELECT * FROM devices", null, 1), 1, false, null), START);
        assertThat(failed.getStatus()).isEqualTo(JobStatus.FAILED);
        assertThat(failed.getFailureReason()).startsWith("SQL query parse failed due to following errors: Line 1:29");
    }

    /** Asks anything in any order: the log replays to the same job, and no job leaves an end. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void replaysARandomWalk(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int walk = 0; walk < 500; walk++) {
            List<JobEvent> log = new ArrayList<>();
            @Nullable Job job = null;
            Instant now = NOW;
            for (int step = 0; step < 12; step++) {
                now = now.plusSeconds(random.nextInt(50));
                JobInput input = switch (random.nextInt(7)) {
                    case 0, 1 -> create(random.nextBoolean() ? null : now.plusSeconds(20));
                    case 2 -> random.nextInt(4) == 0 ? CANCEL : QUEUE;
                    case 3 -> START;
                    case 4 -> TIME_OUT;
                    default -> tally(random.nextInt(5), 4, random.nextInt(2), random.nextInt(2), 3);
                };
                if (JobDecider.decide(job, input, now) instanceof Decision.Happened<JobEvent> happened) {
                    if (job != null) {
                        assertThat(job.getStatus()).isIn(JobStatus.SCHEDULED, JobStatus.QUEUED, JobStatus.RUNNING);
                    }
                    job = JobDecider.evolve(job, happened.event());
                    log.add(happened.event());
                }
            }
            @Nullable Job replayed = null;
            for (JobEvent event : log) {
                replayed = JobDecider.evolve(replayed, event);
            }
            assertThat(replayed).isEqualTo(job);
        }
    }
}
