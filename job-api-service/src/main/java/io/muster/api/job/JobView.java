package io.muster.api.job;

import io.muster.records.Job;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The jobs as this instance knows them, from the topics and from replies, whichever came first: the larger revision wins, so what a
 * caller was told is what it reads next. Thread-safe.
 */
public final class JobView {
    /** A job and its statistics, if there are any yet. */
    public record Entry(Job job, @Nullable JobStatistics statistics) {}

    private final ConcurrentNavigableMap<String, Job> jobs = new ConcurrentSkipListMap<>();
    private final ConcurrentNavigableMap<String, JobStatistics> statistics = new ConcurrentSkipListMap<>();

    public void put(Job job) {
        jobs.merge(job.getDefinition().getJobId(), job, (known, other) -> isLater(other, known) ? other : known);
    }

    private static boolean isLater(Job one, Job other) {
        return one.getJobNumber() == other.getJobNumber()
                ? one.getRevision() >= other.getRevision()
                : one.getJobNumber() > other.getJobNumber();
    }

    public void put(JobStatistics tally) {
        statistics.put(tally.getJobId(), tally);
    }

    public void forgetJob(String jobId) {
        jobs.remove(jobId);
    }

    public void forgetStatistics(String jobId) {
        statistics.remove(jobId);
    }

    public Optional<Entry> get(String jobId) {
        return Optional.ofNullable(jobs.get(jobId)).map(this::entry);
    }

    /** How many are in the state. */
    public long count(JobStatus status) {
        return jobs.values().stream().filter(job -> job.getStatus() == status).count();
    }

    /** How many device jobs of jobs that run have not begun. */
    public long queuedDeviceJobs() {
        return jobs.values().stream()
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

    /**
     * In order of job ids, so that pages stay in step while jobs come and go.
     *
     * @param after the job id behind which to begin; null for the first
     */
    public List<Entry> page(@Nullable String after, int limit, Predicate<Job> wanted) {
        List<Entry> page = new ArrayList<>();
        for (Job job : (after == null ? jobs : jobs.tailMap(after, false)).values()) {
            if (page.size() == limit) {
                break;
            }
            if (wanted.test(job)) {
                page.add(entry(job));
            }
        }
        return page;
    }
}
