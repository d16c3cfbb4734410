package io.muster.planner.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.muster.records.AbortRule;
import io.muster.records.Batches;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceMethod;
import io.muster.records.ExecutionWindow;
import io.muster.records.FailureKind;
import io.muster.records.FailureLimit;
import io.muster.records.Growth;
import io.muster.records.Job;
import io.muster.records.JobAborted;
import io.muster.records.JobCompleted;
import io.muster.records.JobDefinition;
import io.muster.records.JobEvent;
import io.muster.records.JobPaused;
import io.muster.records.JobPolicy;
import io.muster.records.JobRefused;
import io.muster.records.JobReleased;
import io.muster.records.JobStarted;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.JobTimedOut;
import io.muster.records.JobWindowClosed;
import io.muster.records.JobWindowOpened;
import io.muster.records.RetryRule;
import io.muster.records.Rollout;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds what docs/jobs.md says of rollouts, batches, aborts and windows. */
class PacingTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");

    private static JobPolicy policy(
            @Nullable Rollout rollout,
            @Nullable Batches batches,
            @Nullable AbortRule abort,
            ExecutionWindow... windows) {
        return JobPolicy.newBuilder()
                .setRollout(rollout)
                .setBatches(batches)
                .setAbort(abort)
                .setWindows(List.of(windows))
                .build();
    }

    private static Job running(JobPolicy policy, Instant now) {
        JobDefinition definition =
                new JobDefinition("j", new DeviceMethod("reboot", "null", 30, 0), "*", null, 7200, policy);
        Job job = after(null, JobDecider.decide(null, new JobInput.Create(definition, 7, false, null), now));
        return after(job, JobDecider.decide(job, new JobInput.Start(), now));
    }

    private static Job after(@Nullable Job job, Decision<JobEvent> decision) {
        return JobDecider.evolve(job, ((Decision.Happened<JobEvent>) decision).event());
    }

    private static JobStatistics statistics(
            long queued, long running, long succeeded, long failed, Long... partitions) {
        return new JobStatistics(
                "j",
                new DeviceJobCounts(queued + running + succeeded + failed, queued, running, succeeded, failed, 0L),
                partitions.length,
                partitions.length,
                NOW,
                7L,
                Arrays.asList(partitions));
    }

    private static @Nullable Object pace(Job job, JobStatistics statistics, Instant now) {
        return JobDecider.decide(job, new JobInput.Pace(statistics), now)
                        instanceof Decision.Happened<JobEvent> happened
                ? happened.event().getEvent()
                : null;
    }

    /**
     * Lists batch size (0 for none) | most, percent, per batch | how many had failed before the batch | device count, begun, succeeded, failed → whether the job is aborted.
     */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        0 | 3, -, false  | 0 | 10, 10, 0, 3  | false
        0 | 3, -, false  | 0 | 10, 10, 0, 4  | true
        0 | 0, -, false  | 0 | 10, 10, 9, 1  | true
        0 | 10, -, false | 0 | 10, 10, 0, 10 | false
        0 | -, 25, false | 0 | 8, 8, 0, 2    | false
        0 | -, 25, false | 0 | 8, 8, 0, 3    | true
        0 | -, 0, false  | 0 | 8, 8, 7, 1    | true
        4 | 1, -, true   | 2 | 12, 8, 4, 3   | false
        4 | 1, -, true   | 2 | 12, 8, 4, 4   | true
        4 | 1, -, false  | 2 | 12, 8, 4, 2   | true
        4 | -, 25, true  | 2 | 12, 8, 4, 3   | false
        4 | -, 25, true  | 2 | 12, 8, 4, 4   | true
        0 | -, 12.5, false | 0 | 8, 8, 7, 1   | false
        0 | -, 12.4, false | 0 | 8, 8, 7, 1   | true
        4 | -, 50, true  | 0 | 10, 10, 8, 1  | false
        4 | -, 50, true  | 0 | 10, 10, 8, 2  | true
        """)
    void abortsWhenMoreHaveFailedThanMay(int size, String limit, long failedBefore, String numbers, boolean aborted) {
        String[] parts = limit.split(", ");
        long[] counts =
                Arrays.stream(numbers.split(", ")).mapToLong(Long::parseLong).toArray();
        JobPolicy policy = JobPolicy.newBuilder()
                .setBatches(size == 0 ? null : new Batches(size, 0, 0, 0.0))
                .setFailureLimit(new FailureLimit(
                        parts[0].equals("-") ? null : Long.valueOf(parts[0]),
                        parts[1].equals("-") ? null : Double.valueOf(parts[1]),
                        Boolean.parseBoolean(parts[2])))
                .build();
        Job job = Job.newBuilder(running(policy, NOW))
                .setGrants(List.of(counts[1]))
                .setFailedBeforeBatch(failedBefore)
                .build();
        long rest = counts[1] - counts[2] - counts[3];
        JobStatistics statistics = statistics(counts[0] - counts[1], rest, counts[2], counts[3], counts[0]);
        assertThat(pace(job, statistics, NOW) instanceof JobAborted).isEqualTo(aborted);
        // The last device that fails ends the job this way, and not as completed.
        assertThat(JobDecider.decide(job, new JobInput.Tally(statistics), NOW)
                                instanceof Decision.Happened<JobEvent>(JobEvent event)
                        && event.getEvent() instanceof JobAborted)
                .isEqualTo(aborted);
    }

    @Test
    void knowsAShareOfTheJobOnceAllDevicesAreListed() {
        Job job = running(
                JobPolicy.newBuilder()
                        .setFailureLimit(new FailureLimit(null, 25.0, false))
                        .build(),
                NOW);
        JobStatistics partly = statistics(0, 0, 1, 1, 2L);
        partly = JobStatistics.newBuilder(partly).setPartitions(4).build();
        assertThat(pace(job, partly, NOW)).isNull();
        assertThat(pace(job, statistics(0, 0, 1, 1, 2L), NOW)).isInstanceOf(JobAborted.class);
    }

    /** Lists size and percent of batches of five devices → how many begin in each. Field case 82. */
    @ParameterizedTest
    @CsvSource({
        "0, 10, '1,1,1,1,1'",
        "0, 0.5, '1,1,1,1,1'",
        "0, 30, '2,2,1'",
        "0, 20, '1,1,1,1,1'",
        "0, 20.1, '2,2,1'",
        "2, 0, '2,2,1'",
        "0, 100, 5",
        "9, 0, 5"
    })
    void makesProgressByBatchesOfAnyShare(int size, double percent, String begun) {
        Batches batch = new Batches(size, (int) percent, 0, percent - (int) percent);
        JobPolicy policy = JobPolicy.newBuilder().setBatches(batch).build();
        Job job = running(policy, NOW);
        List<String> batches = new ArrayList<>();
        long ended = 0;
        while (ended < 5) {
            job = after(
                    job, JobDecider.decide(job, new JobInput.Pace(statistics(5 - ended, 0, 0, ended, 2L, 3L)), NOW));
            long released = Pacing.released(job);
            // A device of the next batch waits until all of this one have ended.
            assertThat(pace(job, statistics(5 - released, 1, 0, released - 1, 2L, 3L), NOW))
                    .isNull();
            batches.add(Long.toString(released - ended));
            ended = released;
        }
        assertThat(String.join(",", batches)).isEqualTo(begun);
    }

    @Test
    void countsFailuresOfTheBatchFromItsBeginning() {
        JobPolicy policy = JobPolicy.newBuilder()
                .setBatches(new Batches(2, 0, 0, 0.0))
                .setFailureLimit(new FailureLimit(1L, null, true))
                .build();
        Job job = running(policy, NOW);
        job = after(job, JobDecider.decide(job, new JobInput.Pace(statistics(6, 0, 0, 0, 6L)), NOW));
        assertThat(job.getFailedBeforeBatch()).isZero();
        for (int batch = 1; batch < 3; batch++) {
            JobStatistics ended = statistics(6 - 2 * batch, 0, batch, batch, 6L);
            assertThat(pace(job, ended, NOW)).isInstanceOf(JobReleased.class);
            job = after(job, JobDecider.decide(job, new JobInput.Pace(ended), NOW));
            assertThat(job.getFailedBeforeBatch()).isEqualTo(batch);
            assertThat(Pacing.released(job)).isEqualTo(2L + 2 * batch);
        }
        assertThat(pace(job, statistics(0, 1, 2, 4, 6L), NOW)).isInstanceOf(JobAborted.class);
    }

    /** Lists devices a minute, minutes → devices that have begun, where the job is paced as often as it asks for. */
    @ParameterizedTest
    @CsvSource({"60, 1, 60", "90, 1, 90", "1, 5, 5", "7, 10, 70", "1000, 1, 1000", "100000, 1, 2000"})
    void keepsTheRate(int perMinute, int minutes, int begun) {
        Job job = running(policy(new Rollout(perMinute, null), null, null), NOW);
        JobStatistics listed = statistics(2000, 0, 0, 0, 500L, 700L, 800L);
        Instant at = NOW;
        int polls = 0;
        while (at.isBefore(NOW.plus(Duration.ofMinutes(minutes)))) {
            Decision<JobEvent> decision = JobDecider.decide(job, new JobInput.Pace(listed), at);
            job = decision instanceof Decision.Happened ? after(job, decision) : job;
            at = JobDecider.due(job, listed, at).orElseThrow();
            polls++;
        }
        assertThat(Pacing.released(job)).isCloseTo(begun, within(Math.max(1L, Math.ceilDiv(perMinute, 60L))));
        assertThat(polls).isLessThanOrEqualTo(120 * minutes);
    }

    @Test
    void raisesTheRateWithSuccess() {
        Rollout rollout = new Rollout(60, new Growth(2.0, 100L, 200));
        for (long[] row : new long[][] {{0, 60}, {99, 60}, {100, 120}, {199, 120}, {200, 200}, {1000, 200}}) {
            Job job = running(policy(rollout, null, null), NOW);
            JobStatistics listed = statistics(2000, 0, row[0], 0, 2000 + row[0]);
            JobReleased first = (JobReleased) pace(job, listed, NOW);
            assertThat(first).isNotNull();
            Job released = JobDecider.evolve(job, new io.muster.records.JobEvent("j", NOW, first));
            JobReleased second = (JobReleased) pace(released, listed, NOW.plusSeconds(1));
            assertThat(second).isNotNull();
            assertThat(second.getGrants().getFirst() - first.getGrants().getFirst())
                    .as("succeeded=%d", row[0])
                    .isCloseTo(row[1] / 60, within(1L));
        }
    }

    @Test
    void makesUpForNothingBehindAPause() {
        Job job = running(policy(new Rollout(60, null), null, null), NOW);
        JobStatistics listed = statistics(2000, 0, 0, 0, 2000L);
        job = after(job, JobDecider.decide(job, new JobInput.Pace(listed), NOW));
        job = after(job, JobDecider.decide(job, new JobInput.Pause(), NOW));
        assertThat(pace(job, listed, NOW.plusSeconds(600))).isNull();
        job = after(job, JobDecider.decide(job, new JobInput.Resume(), NOW.plusSeconds(600)));
        JobReleased released = (JobReleased) pace(job, listed, NOW.plusSeconds(600));
        assertThat(released).isNotNull();
        assertThat(released.getGrants().getFirst()).isLessThanOrEqualTo(3);
    }

    /** Lists size, percent, success share | device count | begun, succeeded, failed → begun then; "abort" or "-" for nothing. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        3, 0, 100 | 10 | 0, 0, 0  | 3
        3, 0, 100 | 10 | 3, 2, 0  | -
        3, 0, 100 | 10 | 3, 3, 0  | 6
        3, 0, 100 | 10 | 3, 2, 1  | abort
        3, 0, 60  | 10 | 3, 2, 1  | 6
        3, 0, 0   | 10 | 3, 0, 3  | 6
        3, 0, 100 | 10 | 9, 9, 0  | 10
        3, 0, 100 | 10 | 10, 9, 1 | -
        3, 0, 100 | 2  | 0, 0, 0  | 2
        0, 10, 100 | 10 | 0, 0, 0 | 1
        0, 25, 100 | 10 | 0, 0, 0 | 3
        0, 25, 100 | 10 | 3, 3, 0 | 6
        0, 1, 100 | 10 | 0, 0, 0  | 1
        """)
    void beginsABatchWhenTheOneBeforeHasEndedWell(String batches, long count, String state, String then) {
        int[] rule = numbers(batches);
        int[] now = numbers(state);
        JobPolicy policy = policy(null, new Batches(rule[0], rule[1], rule[2], 0.0), null);
        long ended = now[1] + now[2];
        Job job = Job.newBuilder(running(policy, NOW))
                .setGrants(List.of((long) now[0]))
                .build();
        JobStatistics statistics = statistics(count - now[0], now[0] - ended, now[1], now[2], count);
        String decided = switch (pace(job, statistics, NOW)) {
            case null -> "-";
            case JobAborted _ -> "abort";
            case JobReleased released -> Long.toString(released.getGrants().getFirst());
            case Object other -> other.toString();
        };
        assertThat(decided).isEqualTo(then);
    }

    private static int[] numbers(String text) {
        return Arrays.stream(text.split(", *")).mapToInt(Integer::parseInt).toArray();
    }

    /** Lists percent, at least | succeeded, failed → whether the job is aborted. */
    @ParameterizedTest
    @CsvSource({
        "20, 10, 9, 0, false",
        "20, 10, 7, 2, false",
        "20, 10, 8, 2, true",
        "20, 10, 81, 19, false",
        "20, 10, 80, 20, true",
        "100, 1, 1, 5, false",
        "100, 1, 0, 1, true",
        "1, 0, 0, 0, false",
    })
    void abortsAtTooManyFailures(int percent, long least, long succeeded, long failed, boolean aborted) {
        Job job = running(policy(null, null, new AbortRule(percent, least)), NOW);
        Object event = pace(job, statistics(100, 0, succeeded, failed, 200L), NOW);
        assertThat(event instanceof JobAborted).isEqualTo(aborted);
        if (aborted) {
            Job after = JobDecider.evolve(job, new io.muster.records.JobEvent("j", NOW, event));
            assertThat(after.getStatus()).isEqualTo(JobStatus.CANCELLED);
            assertThat(after.getFailureReason()).contains("have failed");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void grantsOnlyGrowAndSumToWhatIsReleased(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Long[] counts = new Long[1 + random.nextInt(12)];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = (long) random.nextInt(40);
        }
        long total = Arrays.stream(counts).mapToLong(Long::longValue).sum();
        Job job = running(policy(null, new Batches(1 + random.nextInt(9), 0, 0, 0.0), null), NOW);
        List<Long> before = new ArrayList<>();
        for (long released = 0; released < total; ) {
            JobStatistics statistics = statistics(total - released, 0, released, 0, counts);
            JobReleased event = (JobReleased) pace(job, statistics, NOW);
            assertThat(event).as("released=%d of %d", released, total).isNotNull();
            for (int i = 0; i < counts.length; i++) {
                assertThat(event.getGrants().get(i)).isBetween(before.isEmpty() ? 0L : before.get(i), counts[i]);
            }
            before = event.getGrants();
            long sum = before.stream().mapToLong(Long::longValue).sum();
            assertThat(sum).isGreaterThan(released).isLessThanOrEqualTo(released + 9);
            released = sum;
            job = JobDecider.evolve(job, new io.muster.records.JobEvent("j", NOW, event));
        }
        assertThat(pace(job, statistics(0, 0, total, 0, counts), NOW)).isNull();
    }

    @Test
    void releasesNothingBeforeAllTargetsAreListed() {
        Job job = running(policy(null, new Batches(3, 0, 100, 0.0), null), NOW);
        JobStatistics partly =
                new JobStatistics("j", new DeviceJobCounts(5L, 5L, 0L, 0L, 0L, 0L), 1, 2, NOW, 7L, List.of(5L, 0L));
        assertThat(pace(job, partly, NOW)).isNull();
        JobStatistics ofAnEarlierJob =
                new JobStatistics("j", new DeviceJobCounts(5L, 5L, 0L, 0L, 0L, 0L), 2, 2, NOW, 6L, List.of(5L, 0L));
        assertThat(pace(job, ofAnEarlierJob, NOW)).isNull();
    }

    private static ExecutionWindow window(String text) {
        String[] parts = text.split(" ");
        List<Integer> days = parts.length < 4
                ? List.of()
                : Arrays.stream(parts[3].split(",")).map(Integer::valueOf).toList();
        return new ExecutionWindow(minute(parts[0]), minute(parts[1]), days, parts[2]);
    }

    private static int minute(String time) {
        return Integer.parseInt(time.substring(0, 2)) * 60 + Integer.parseInt(time.substring(3));
    }

    /** Lists start end zone [days] | instant | open | when that changes. 2026-11-21 is a Saturday; Paris puts its clock back on 2026-10-25. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        02:00 04:00 UTC            | 2026-11-21T01:59:59Z | false | 2026-11-21T02:00:00Z
        02:00 04:00 UTC            | 2026-11-21T02:00:00Z | true  | 2026-11-21T04:00:00Z
        02:00 04:00 UTC            | 2026-11-21T04:00:00Z | false | 2026-11-22T02:00:00Z
        22:00 06:00 UTC            | 2026-11-21T23:00:00Z | true  | 2026-11-22T06:00:00Z
        22:00 06:00 UTC            | 2026-11-21T05:59:00Z | true  | 2026-11-21T06:00:00Z
        22:00 24:00 UTC            | 2026-11-21T23:59:00Z | true  | 2026-11-22T00:00:00Z
        22:00 06:00 UTC 6          | 2026-11-22T05:00:00Z | true  | 2026-11-22T06:00:00Z
        22:00 06:00 UTC 6          | 2026-11-22T23:00:00Z | false | 2026-11-28T22:00:00Z
        22:00 06:00 Europe/Paris   | 2026-11-21T21:00:00Z | true  | 2026-11-22T05:00:00Z
        01:00 04:00 Europe/Paris   | 2026-10-24T23:30:00Z | true  | 2026-10-25T03:00:00Z
        01:00 04:00 Europe/Paris   | 2026-10-24T22:30:00Z | false | 2026-10-24T23:00:00Z
        02:30 05:00 Europe/Paris   | 2027-03-28T00:30:00Z | false | 2027-03-28T01:30:00Z
        """)
    void opensAWindowByTheLocalDay(String window, Instant now, boolean open, Instant change) {
        List<ExecutionWindow> windows = List.of(window(window));
        assertThat(Windows.isOpen(windows, now)).isEqualTo(open);
        assertThat(Windows.nextChange(windows, now)).contains(change);
    }

    @Test
    void joinsWindowsThatTouch() {
        List<ExecutionWindow> windows = List.of(window("02:00 04:00 UTC"), window("04:00 05:00 UTC"));
        assertThat(Windows.nextChange(windows, NOW)).contains(Instant.parse("2026-11-21T05:00:00Z"));
        assertThat(Windows.nextChange(List.of(window("00:00 24:00 UTC")), NOW)).isEmpty();
        assertThat(Windows.isOpen(List.of(), NOW)).isTrue();
    }

    @Test
    void beginsAndGoesOnInItsWindows() {
        JobPolicy policy = policy(null, null, null, window("03:00 04:00 UTC"));
        JobDefinition definition =
                new JobDefinition("j", new DeviceMethod("reboot", "null", 30, 0), "*", null, 7200, policy);
        Job job = after(null, JobDecider.decide(null, new JobInput.Create(definition, 7, false, null), NOW));
        Decision<JobEvent> waits = JobDecider.decide(job, new JobInput.Start(), NOW);
        assertThat(((Decision.Happened<JobEvent>) waits).event().getEvent()).isInstanceOf(JobWindowClosed.class);
        job = after(job, waits);
        assertThat(job.getOutsideWindow()).isTrue();
        assertThat(JobDecider.decide(job, new JobInput.Start(), NOW)).isEqualTo(new Decision.Nothing<>());
        Instant opens = NOW.plusSeconds(3600);
        assertThat(JobDecider.due(job, null, NOW)).contains(opens);
        Decision<JobEvent> started = JobDecider.decide(job, new JobInput.Start(), opens);
        assertThat(((Decision.Happened<JobEvent>) started).event().getEvent()).isInstanceOf(JobStarted.class);
        job = after(job, started);
        assertThat(job.getOutsideWindow()).isFalse();
        Instant closes = opens.plusSeconds(3600);
        assertThat(JobDecider.due(job, null, opens)).contains(closes);
        JobStatistics statistics = statistics(5, 0, 0, 0, 5L);
        assertThat(pace(job, statistics, closes)).isInstanceOf(JobWindowClosed.class);
        job = after(job, JobDecider.decide(job, new JobInput.Pace(statistics), closes));
        assertThat(pace(job, statistics, closes.plusSeconds(1))).isNull();
        assertThat(pace(job, statistics, opens.plus(Duration.ofDays(1)))).isInstanceOf(JobWindowOpened.class);
    }

    @Test
    void endsAContinuousJobWithItsTime() {
        JobPolicy policy = JobPolicy.newBuilder().setContinuous(true).build();
        Job job = running(policy, NOW);
        JobInput done = new JobInput.Tally(statistics(0, 0, 3, 0, 3L));
        assertThat(JobDecider.decide(job, done, NOW)).isEqualTo(new Decision.Nothing<>());
        Decision<JobEvent> late = JobDecider.decide(job, new JobInput.TimeOut(), NOW.plusSeconds(7200));
        assertThat(((Decision.Happened<JobEvent>) late).event().getEvent()).isInstanceOf(JobTimedOut.class);
        Decision<JobEvent> ended = JobDecider.decide(after(job, late), done, NOW.plusSeconds(7200));
        assertThat(((Decision.Happened<JobEvent>) ended).event().getEvent()).isInstanceOf(JobCompleted.class);
    }

    @Test
    void startsNoPausedJob() {
        JobDefinition definition =
                new JobDefinition("j", new DeviceMethod("reboot", "null", 30, 0), "*", null, 7200, null);
        Job job = after(null, JobDecider.decide(null, new JobInput.Create(definition, 7, false, null), NOW));
        Decision<JobEvent> paused = JobDecider.decide(job, new JobInput.Pause(), NOW);
        assertThat(((Decision.Happened<JobEvent>) paused).event().getEvent()).isInstanceOf(JobPaused.class);
        job = after(job, paused);
        assertThat(JobDecider.decide(job, new JobInput.Pause(), NOW)).isEqualTo(new Decision.Nothing<>());
        assertThat(JobDecider.decide(job, new JobInput.Start(), NOW)).isEqualTo(new Decision.Nothing<>());
        job = after(job, JobDecider.decide(job, new JobInput.Resume(), NOW));
        assertThat(JobDecider.decide(job, new JobInput.Start(), NOW)).isInstanceOf(Decision.Happened.class);
        job = after(job, JobDecider.decide(job, new JobInput.Cancel(), NOW));
        assertThat(JobDecider.decide(job, new JobInput.Pause(), NOW)).isInstanceOf(Decision.Refused.class);
        assertThat(JobDecider.decide(null, new JobInput.Resume(), NOW)).isInstanceOf(Decision.Refused.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        rollout 0          | rollout: devicesPerMinute
        growth 1.0 1 100   | rollout: growth.factor
        growth 2.0 0 100   | rollout: growth.afterSucceeded
        growth 2.0 1 5     | rollout: growth.mostPerMinute
        batches 0 0 100    | batches: give either
        batches 5 5 100    | batches: give either
        batches 0 101 100  | batches: give either
        fraction 0.5       | batches: give either
        offline            | offlineFails is for jobs without retries
        batches 5 0 101    | batches: successPercent
        abort 0 1          | abort: failurePercent
        abort 101 1        | abort: failurePercent
        priority 10        | priority is 0 to 9
        window 60 60 UTC   | windows: start and end
        window 60 90 Mars  | windows: there is no time zone Mars
        """)
    void refusesAPolicyThatMakesNoSense(String given, String sentence) {
        String[] parts = given.split(" ");
        JobPolicy.Builder policy = JobPolicy.newBuilder();
        switch (parts[0]) {
            case "rollout" -> policy.setRollout(new Rollout(Integer.parseInt(parts[1]), null));
            case "growth" ->
                policy.setRollout(new Rollout(
                        10,
                        new Growth(
                                Double.parseDouble(parts[1]), Long.parseLong(parts[2]), Integer.parseInt(parts[3]))));
            case "batches" ->
                policy.setBatches(new Batches(
                        Integer.parseInt(parts[1]), Integer.parseInt(parts[2]), Integer.parseInt(parts[3]), 0.0));
            case "fraction" -> policy.setBatches(new Batches(0, 100, 100, Double.parseDouble(parts[1])));
            case "offline" ->
                policy.setOfflineFails(true)
                        .setRetries(List.of(new RetryRule(FailureKind.NOT_ONLINE, 1, 10, 300, 0.2)));
            case "abort" -> policy.setAbort(new AbortRule(Integer.parseInt(parts[1]), Long.parseLong(parts[2])));
            case "priority" -> policy.setPriority(Integer.parseInt(parts[1]));
            default ->
                policy.setWindows(List.of(new ExecutionWindow(
                        Integer.parseInt(parts[1]), Integer.parseInt(parts[2]), List.of(), parts[3])));
        }
        JobDefinition definition =
                new JobDefinition("j", new DeviceMethod("reboot", "null", 30, 0), "*", null, 7200, policy.build());
        Decision<JobEvent> decision = JobDecider.decide(null, new JobInput.Create(definition, 7, false, null), NOW);
        assertThat(decision)
                .isInstanceOfSatisfying(
                        Decision.Refused.class,
                        refused -> assertThat(refused.refusal())
                                .isInstanceOfSatisfying(
                                        JobRefused.class,
                                        refusal ->
                                                assertThat(refusal.getMessage()).startsWith(sentence)));
    }
}
