package io.muster.api.job;

import io.muster.records.DeviceMethod;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
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
 * The jobs as this instance knows them, from the topics and from replies, whichever came first: the larger revision wins, so what a
 * caller was told is what it reads next. Thread-safe.
 */
public final class JobView {
    /** Characters of conditions, payloads and patches behind which a page ends. */
    private static final int PAGE_CHARACTERS = 1 << 20;

    /** A page of jobs. @param more whether there are more behind it */
    public record Page(List<Entry> entries, boolean more) {}

    /** A job and its statistics, if there are any yet. */
    public record Entry(Job job, @Nullable JobStatistics statistics) {}

    /**
     * The latest that is known of a job id.
     *
     * @param read the number of the job that the topic last told of; 0 before it told of any
     */
    private record Known(Job job, long read) {
        private Known later(Job other) {
            return isLater(other, job) ? new Known(other, read) : this;
        }
    }

    private final Changes changes;
    private final ConcurrentNavigableMap<String, Known> jobs = new ConcurrentSkipListMap<>();
    private final ConcurrentNavigableMap<String, JobStatistics> statistics = new ConcurrentSkipListMap<>();

    /** Makes an empty one. @param changes are told of each job and each tally that is taken */
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

    /** Takes a tombstone from the topic: it is for the job that the topic last told of, not for a later one that a reply told of. */
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

    /** How many are in the state. */
    public long count(JobStatus status) {
        return jobs.values().stream()
                .filter(known -> known.job().getStatus() == status)
                .count();
    }

    /** How many device jobs of jobs that run have not begun. */
    public long queuedDeviceJobs() {
        return jobs.values().stream()
                .map(Known::job)
                .filter(job -> job.getStatus() == JobStatus.RUNNING)
                .map(job -> entry(job).statistics())
                .filter(Objects::nonNull)
                .mapToLong(tally -> tally.getCounts().getQueued())
                .sum();
    }

    /** Statistics of an earlier job of the same id are not this one's. */
    private Entry entry(Job job) {
        @Nullable JobStatistics tally = statistics.get(job.getDefinition().getJobId());
        return new Entry(job, tally != null && tally.getJobNumber() == job.getJobNumber() ? tally : null);
    }

    /** The jobs that were created last, the newest first. */
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
            case Object unknown -> throw new IllegalStateException("not an operation, class=" + unknown.getClass());
        };
        return operation + definition.getQueryCondition().length();
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }

    /** Returns why a job that has begun hands nothing to devices now, in a sentence. */
    public static Optional<String> waitsFor(Job job) {
        if (job.getEndedAt() != null) {
            return Optional.empty();
        }
        return job.getPaused()
                ? Optional.of("Paused: resume it to go on.")
                : job.getOutsideWindow() ? Optional.of("Waits for its next execution window.") : Optional.empty();
    }
}
