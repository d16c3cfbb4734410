package io.muster.api.job;

import io.muster.records.StreamJob;
import io.muster.records.StreamJobProgress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** Shows stream jobs as this instance knows them, from the topics and from replies. The larger revision wins. Thread-safe. */
public final class StreamJobView {
    /**
     * Holds a job and its progress.
     *
     * @param lastOutput the latest time of a result, in ticks of 100 ns, of any start
     * @param counts of the current start, by the names of Stream Analytics' metrics
     * @param samples of what it could not use
     */
    public record Entry(StreamJob job, OptionalLong lastOutput, Map<String, Long> counts, List<String> samples) {}

    /**
     * Holds the latest that is known of an id.
     *
     * @param read when the latest job was created that was read from the topic; null before one was
     */
    private record Known(StreamJob job, @Nullable Instant read) {
        private Known later(StreamJob other) {
            return other.getRevision() >= job.getRevision()
                            || !other.getCreatedAt().equals(job.getCreatedAt())
                    ? new Known(other, read)
                    : this;
        }
    }

    private final Changes changes;
    private final ConcurrentNavigableMap<String, Known> jobs = new ConcurrentSkipListMap<>();
    private final Map<String, Map<Integer, StreamJobProgress>> progress = new ConcurrentHashMap<>();

    /** Makes an empty one. @param changes records each stream job that is taken, and its progress */
    public StreamJobView(Changes changes) {
        this.changes = changes;
    }

    /** Takes a job from a reply. */
    public void put(StreamJob job) {
        jobs.merge(job.getStreamJobId(), new Known(job, null), (known, _) -> known.later(job));
        changes.changed(Changes.Kind.STREAM_JOB, job.getStreamJobId());
    }

    /** Takes a job from the topic. */
    public void read(StreamJob job) {
        jobs.compute(
                job.getStreamJobId(),
                (_, known) -> new Known(known == null ? job : known.later(job).job(), job.getCreatedAt()));
        changes.changed(Changes.Kind.STREAM_JOB, job.getStreamJobId());
    }

    /** Takes a deletion from a reply. */
    public void forget(String id) {
        jobs.remove(id);
        progress.remove(id);
        changes.removed(Changes.Kind.STREAM_JOB, id);
    }

    /** Takes a tombstone from the topic: it removes the job that was last read from the topic, not a later one that came by a reply. */
    public void readTombstone(String id) {
        boolean gone = jobs.computeIfPresent(
                        id, (_, known) -> known.job().getCreatedAt().equals(known.read()) ? null : known)
                == null;
        if (gone) {
            progress.remove(id);
            changes.removed(Changes.Kind.STREAM_JOB, id);
        }
    }

    public void put(StreamJobProgress latest) {
        progress.computeIfAbsent(latest.getStreamJobId(), _ -> new ConcurrentHashMap<>())
                .merge(
                        latest.getTask(),
                        latest,
                        (known, other) -> other.getStartNumber() >= known.getStartNumber() ? other : known);
        if (jobs.containsKey(latest.getStreamJobId())) {
            changes.changed(Changes.Kind.STREAM_JOB, latest.getStreamJobId());
        }
    }

    /** Forgets the progress of a task of a job that is gone. @param key the stream job's id, a blank, the task */
    public void forgetProgress(String key) {
        int blank = key.lastIndexOf(' ');
        if (blank > 0) {
            progress.computeIfPresent(key.substring(0, blank), (_, tasks) -> {
                tasks.keySet().removeIf(task -> key.substring(blank + 1).equals(String.valueOf(task)));
                return tasks.isEmpty() ? null : tasks;
            });
        }
    }

    public Optional<Entry> get(String id) {
        return Optional.ofNullable(jobs.get(id)).map(known -> entry(known.job()));
    }

    private Entry entry(StreamJob job) {
        Map<String, Long> counts = new HashMap<>();
        List<String> samples = new ArrayList<>();
        long last = Long.MIN_VALUE;
        long number = job.getCurrent() == null ? 0 : job.getCurrent().getNumber();
        for (StreamJobProgress task :
                progress.getOrDefault(job.getStreamJobId(), Map.of()).values()) {
            if (task.getLastOutputTicks() != null) {
                last = Math.max(last, task.getLastOutputTicks());
            }
            if (task.getStartNumber() == number) {
                task.getCounts().forEach((name, count) -> counts.merge(name, count, Long::sum));
                samples.addAll(task.getSamples());
            }
        }
        return new Entry(job, last == Long.MIN_VALUE ? OptionalLong.empty() : OptionalLong.of(last), counts, samples);
    }

    /**
     * Returns a page of stream jobs in order of their ids.
     *
     * @param prefix of their ids
     * @param after the id behind which to begin; null for the first
     */
    public List<Entry> page(String prefix, @Nullable String after, int limit) {
        List<Entry> page = new ArrayList<>();
        for (Known known :
                jobs.tailMap(after == null ? prefix : after, after == null).values()) {
            if (page.size() == limit || !known.job().getStreamJobId().startsWith(prefix)) {
                break;
            }
            page.add(entry(known.job()));
        }
        return page;
    }
}
