package io.muster.planner.job;

import io.muster.records.AbortRule;
import io.muster.records.Batches;
import io.muster.records.DeviceJobCounts;
import io.muster.records.FailureLimit;
import io.muster.records.Growth;
import io.muster.records.Job;
import io.muster.records.JobPolicy;
import io.muster.records.JobReleased;
import io.muster.records.JobStatistics;
import io.muster.records.Rollout;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides how many targets of a job may begin by now, and when too many have failed to go on. A function of the policy, of what was released
 * so far, and of the statistics. Described in docs/jobs.md.
 */
final class Pacing {
    private static final int PERCENT = 100;
    private static final long MINUTE_MS = 60_000;
    /** Grants a rate in units of a second, or of one device. */
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    private Pacing() {}

    /** Returns whether targets wait for their release. */
    static boolean isPaced(@Nullable JobPolicy policy) {
        return policy != null && (policy.getRollout() != null || policy.getBatches() != null);
    }

    /** Returns why the job is not to go on; empty while it is. */
    static Optional<String> abortion(JobPolicy policy, Job job, JobStatistics statistics) {
        DeviceJobCounts counts = statistics.getCounts();
        long ended = ended(counts);
        AbortRule rule = policy.getAbort();
        if (rule != null
                && ended >= Math.max(1, rule.getAfterEnded())
                && counts.getFailed() * PERCENT >= rule.getFailurePercent() * ended) {
            return Optional.of("Aborted: of " + ended + " devices that have ended, " + counts.getFailed()
                    + " have failed; the limit is " + rule.getFailurePercent() + "%.");
        }
        Optional<String> excess = excess(policy, job, statistics);
        if (excess.isPresent()) {
            return excess;
        }
        Batches batches = policy.getBatches();
        long released = released(job);
        if (batches != null && released > 0 && ended >= released && released < counts.getDeviceCount()) {
            long wanted = batches.getSuccessPercent();
            if (counts.getSucceeded() * PERCENT < wanted * released) {
                return Optional.of("Aborted after a batch: of " + released + " devices " + counts.getSucceeded()
                        + " have succeeded; " + wanted + "% are wanted before the next batch.");
            }
        }
        return Optional.empty();
    }

    /** Returns why more devices have failed than may; empty while they have not. */
    static Optional<String> excess(JobPolicy policy, Job job, JobStatistics statistics) {
        FailureLimit limit = policy.getFailureLimit();
        if (limit == null || limit.getMost() == null && !isListed(statistics)) {
            return Optional.empty();
        }
        DeviceJobCounts counts = statistics.getCounts();
        boolean perBatch = limit.getPerBatch();
        long failed = counts.getFailed() - (perBatch ? job.getFailedBeforeBatch() : 0);
        long of = perBatch ? batchDevices(policy.getBatches(), released(job), statistics) : counts.getDeviceCount();
        boolean exceeded = limit.getMost() != null
                ? failed > limit.getMost()
                : failed > share(of, Objects.requireNonNull(limit.getPercent()));
        return exceeded
                ? Optional.of("Aborted: " + failed + " of " + of + " devices of the " + (perBatch ? "batch" : "job")
                        + " have failed; the limit is "
                        + (limit.getMost() != null
                                ? limit.getMost() + "."
                                : written(Objects.requireNonNull(limit.getPercent())) + "%."))
                : Optional.empty();
    }

    /** Returns whether every partition has listed its targets. */
    static boolean isListed(JobStatistics statistics) {
        return statistics.getPartitions() > 0 && statistics.getPartitionsExpanded() == statistics.getPartitions();
    }

    /** Returns how many devices the batch has that is under way: the last one may have fewer. */
    private static long batchDevices(@Nullable Batches batches, long released, JobStatistics statistics) {
        if (batches == null || released == 0) {
            return 0;
        }
        long size = size(batches, statistics);
        long start = (released - 1) / size * size;
        return Math.min(size, statistics.getCounts().getDeviceCount() - start);
    }

    private static long size(Batches batches, JobStatistics statistics) {
        return batches.getSize() > 0
                ? batches.getSize()
                : (long) Math.max(
                        1,
                        Math.ceil(share(
                                statistics.getCounts().getDeviceCount(),
                                batches.getPercent() + batches.getPercentFraction())));
    }

    private static String written(double percent) {
        return BigDecimal.valueOf(percent).stripTrailingZeros().toPlainString();
    }

    /** Returns a percentage of so many devices. The product comes first: a share of whole percents that is a whole number is that number. */
    private static double share(long devices, double percent) {
        return devices * percent / PERCENT;
    }

    /** Returns how many had failed when the batch began that is under way behind the next release. */
    private static long failedBeforeBatch(JobPolicy policy, Job job, JobStatistics statistics) {
        Batches batches = policy.getBatches();
        boolean begins = batches != null && released(job) % size(batches, statistics) == 0;
        return begins ? statistics.getCounts().getFailed() : job.getFailedBeforeBatch();
    }

    /** Returns the targets that may begin now beyond those that did; empty when there are none. */
    static Optional<JobReleased> release(JobPolicy policy, Job job, JobStatistics statistics, Instant now) {
        long released = released(job);
        long most =
                Math.min(statistics.getCounts().getDeviceCount(), batchEnd(policy.getBatches(), released, statistics));
        Rollout rollout = policy.getRollout();
        if (rollout == null) {
            return most <= released
                    ? Optional.empty()
                    : Optional.of(new JobReleased(
                            grants(job, statistics, most - released), now, failedBeforeBatch(policy, job, statistics)));
        }
        double perMinute = perMinute(rollout, statistics);
        Instant usedUntil = usedUntil(job, perMinute, now);
        long allowed = (long) (Duration.between(usedUntil, now).toMillis() * perMinute / MINUTE_MS);
        long more = Math.min(most - released, allowed);
        return more <= 0
                ? Optional.empty()
                : Optional.of(new JobReleased(
                        grants(job, statistics, more),
                        usedUntil.plusMillis((long) (more * MINUTE_MS / perMinute)),
                        failedBeforeBatch(policy, job, statistics)));
    }

    /** Returns when the rate allows for more, if targets wait for it. */
    static Optional<Instant> next(JobPolicy policy, Job job, JobStatistics statistics, Instant now) {
        Rollout rollout = policy.getRollout();
        long released = released(job);
        boolean waiting = released < statistics.getCounts().getDeviceCount()
                && released < batchEnd(policy.getBatches(), released, statistics);
        if (rollout == null || !waiting) {
            return Optional.empty();
        }
        double perMinute = perMinute(rollout, statistics);
        return Optional.of(usedUntil(job, perMinute, now).plus(interval(perMinute)));
    }

    static long released(Job job) {
        return job.getGrants().stream().mapToLong(Long::longValue).sum();
    }

    private static long ended(DeviceJobCounts counts) {
        return counts.getSucceeded() + counts.getFailed() + counts.getCancelled();
    }

    /** Returns how many may have begun when the batch that is under way has, or the next one if it has ended well. */
    private static long batchEnd(@Nullable Batches batches, long released, JobStatistics statistics) {
        if (batches == null) {
            return Long.MAX_VALUE;
        }
        DeviceJobCounts counts = statistics.getCounts();
        long size = size(batches, statistics);
        long begun = Math.ceilDiv(released, size) * size;
        boolean endedWell =
                ended(counts) >= released && counts.getSucceeded() * PERCENT >= batches.getSuccessPercent() * released;
        return released == begun && endedWell ? begun + size : begun;
    }

    private static double perMinute(Rollout rollout, JobStatistics statistics) {
        Growth growth = rollout.getGrowth();
        if (growth == null) {
            return rollout.getDevicesPerMinute();
        }
        long times = statistics.getCounts().getSucceeded() / growth.getAfterSucceeded();
        return Math.min(growth.getMostPerMinute(), rollout.getDevicesPerMinute() * Math.pow(growth.getFactor(), times));
    }

    private static Duration interval(double perMinute) {
        Duration device = Duration.ofMillis((long) Math.ceil(MINUTE_MS / perMinute));
        return device.compareTo(SHORTEST) > 0 ? device : SHORTEST;
    }

    /** Drops the part of the rate that was not used while nothing could begin. */
    private static Instant usedUntil(Job job, double perMinute, Instant now) {
        Instant earliest = now.minus(interval(perMinute));
        Instant used = job.getRateUsedUntil();
        return used == null || used.isBefore(earliest.minus(interval(perMinute))) ? earliest : used;
    }

    /** Grants so many more devices, to the partitions that lack most of their share. Grants only grow. */
    private static List<Long> grants(Job job, JobStatistics statistics, long more) {
        List<Long> counts = statistics.getPartitionDeviceCounts();
        double share = (double) (released(job) + more)
                / Math.max(1, counts.stream().mapToLong(Long::longValue).sum());
        List<Long> grants = new ArrayList<>();
        long left = more;
        for (int i = 0; i < counts.size(); i++) {
            long before = i < job.getGrants().size() ? job.getGrants().get(i) : 0;
            long fair = Math.clamp((long) (share * counts.get(i)) - before, 0, left);
            grants.add(before + fair);
            left -= fair;
        }
        for (int i = neediest(counts, grants, share); left > 0 && i >= 0; i = neediest(counts, grants, share)) {
            grants.set(i, grants.get(i) + 1);
            left--;
        }
        return grants;
    }

    /** Returns the partition that lacks most of its share; -1 where all have as many as they can use. */
    private static int neediest(List<Long> counts, List<Long> grants, double share) {
        int neediest = -1;
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < counts.size(); i++) {
            double need = share * counts.get(i) - grants.get(i);
            if (grants.get(i) < counts.get(i) && need > most) {
                most = need;
                neediest = i;
            }
        }
        return neediest;
    }
}
