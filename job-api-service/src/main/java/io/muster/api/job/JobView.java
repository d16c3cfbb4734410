package io.muster.api.job;

import io.muster.records.DeviceMethod;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.TwinPatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Shows jobs as this instance knows them, from the topics and from replies. The larger revision wins, so a caller reads its own writes. Thread-safe.
 */
public final class JobView {
    /** Bounds the characters of conditions, payloads and patches of a page, which ends behind them. */
    private static final int PAGE_CHARACTERS = 1 << 20;

    /** Holds a page of jobs. @param more whether there are more behind it */
    public record Page(List<Entry> entries, boolean more) {}

    /** Holds a job and its statistics; null before there are any. */
    public record Entry(Job job, @Nullable JobStatistics statistics) {}

    /**
     * Holds the latest that is known of a job id.
     *
     * @param read the number of the latest job that was read from the topic; 0 before one was
     */
    private record Known(Job job, long read) {
        private Known later(Job other) {
            return isLater(other, job) ? new Known(other, read) : this;
        }
    }

    private final Changes changes;
    private final ConcurrentNavigableMap<String, Known> jobs = new ConcurrentSkipListMap<>();
    private final ConcurrentNavigableMap<String, JobStatistics> statistics = new ConcurrentSkipListMap<>();

    /** Makes an empty one. @param changes records each job and each tally that is taken */
    public JobView(Changes changes) {
        this.changes = changes;
    }

    /** Takes a job from a reply. */
    public void put(Job job) {
        jobs.merge(job.getDefinition().getJobId(), new Known(job, 0), (known, _) -> known.later(job));
        changes.changed(Changes.Kind.JOB, job.getDefinition().getJobId());
    }

    /** Takes a job from the topic. */
    public void read(Job job) {
        jobs.compute(
                job.getDefinition().getJobId(),
                (_, known) -> new Known(known == null ? job : known.later(job).job(), job.getJobNumber()));
        changes.changed(Changes.Kind.JOB, job.getDefinition().getJobId());
    }

    private static boolean isLater(Job one, Job other) {
        return one.getJobNumber() == other.getJobNumber()
                ? one.getRevision() >= other.getRevision()
                : one.getJobNumber() > other.getJobNumber();
    }

    public void put(JobStatistics tally) {
        statistics.put(tally.getJobId(), tally);
        changes.changed(Changes.Kind.STATISTICS, tally.getJobId());
    }

    /** Takes a tombstone from the topic: it removes the job that was last read from the topic, not a later one that came by a reply. */
    public void forgetJob(String jobId) {
        jobs.computeIfPresent(jobId, (_, known) -> known.job().getJobNumber() > known.read() ? known : null);
        if (!jobs.containsKey(jobId)) {
            changes.removed(Changes.Kind.JOB, jobId);
        }
    }

    public void forgetStatistics(String jobId) {
        statistics.remove(jobId);
        changes.removed(Changes.Kind.STATISTICS, jobId);
    }

    public Optional<Entry> get(String jobId) {
        return Optional.ofNullable(jobs.get(jobId)).map(known -> entry(known.job()));
    }

    /** Returns the jobs that are wanted, in order of their ids. */
    public List<Entry> select(Predicate<Job> wanted) {
        return jobs.values().stream()
                .map(Known::job)
                .filter(wanted)
                .map(this::entry)
                .toList();
    }

    /** Returns how many jobs are in the state. */
    public long count(JobStatus status) {
        return jobs.values().stream()
                .filter(known -> known.job().getStatus() == status)
                .count();
    }

    /** Returns how many device jobs of running jobs have not begun. */
    public long queuedDeviceJobs() {
        return jobs.values().stream()
                .map(Known::job)
                .filter(job -> job.getStatus() == JobStatus.RUNNING)
                .map(job -> entry(job).statistics())
                .filter(Objects::nonNull)
                .mapToLong(tally -> tally.getCounts().getQueued())
                .sum();
    }

    /** Pairs a job with its statistics; those of an earlier job of the same id are not its own. */
    private Entry entry(Job job) {
        @Nullable JobStatistics tally = statistics.get(job.getDefinition().getJobId());
        return new Entry(job, tally != null && tally.getJobNumber() == job.getJobNumber() ? tally : null);
    }

    /** Returns the jobs that were created last, the newest first. */
    public List<Entry> latest(int count) {
        Comparator<Job> byAge = Comparator.comparing(Job::getCreatedAt);
        PriorityQueue<Job> newest = new PriorityQueue<>(byAge);
        for (Known known : jobs.values()) {
            newest.add(known.job());
            if (newest.size() > count) {
                newest.remove();
            }
        }
        return newest.stream().sorted(byAge.reversed()).map(this::entry).toList();
    }

    /**
     * Lists jobs in order of their ids, so that pages stay in step while jobs come and go. A page ends at the limit, or when its texts are long.
     *
     * @param after the job id behind which to begin; null for the first
     */
    public Page page(@Nullable String after, int limit, Predicate<Job> wanted) {
        List<Entry> page = new ArrayList<>();
        long characters = 0;
        for (Known known : (after == null ? jobs : jobs.tailMap(after, false)).values()) {
            if (wanted.test(known.job())) {
                if (page.size() == limit || characters > PAGE_CHARACTERS) {
                    return new Page(page, true);
                }
                page.add(entry(known.job()));
                characters += characters(known.job().getDefinition());
            }
        }
        return new Page(page, false);
    }

    private static long characters(JobDefinition definition) {
        int operation = switch (definition.getOperation()) {
            case DeviceMethod method -> method.getPayload().length();
            case TwinPatch patch -> length(patch.getTags()) + length(patch.getDesired());
            case Object other -> other.toString().length();
        };
        return operation + definition.getQueryCondition().length();
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }

    /** Returns how many jobs wait in line for their lane. */
    public long waitingInLine() {
        return jobs.values().stream()
                .filter(known ->
                        known.job().getEndedAt() == null && !known.job().getPaused() && waitsInLine(known.job()))
                .count();
    }

    private static boolean waitsInLine(Job job) {
        JobPolicy policy = job.getDefinition().getPolicy();
        return policy != null
                && policy.getLane() != null
                && !job.getAdmitted()
                && job.getStatus() != JobStatus.SCHEDULED;
    }

    /** Returns why a job that has begun hands nothing to devices now, in a sentence. */
    public static Optional<String> waitsFor(Job job) {
        if (job.getEndedAt() != null) {
            return Optional.empty();
        }
        return job.getPaused()
                ? Optional.of("Paused: resume it to go on.")
                : job.getOutsideWindow()
                        ? Optional.of("Waits for its next execution window.")
                        : waitsInLine(job)
                                ? Optional.of("Waits in line: as many jobs run as may at once.")
                                : Optional.empty();
    }
}
