package io.muster.planner.fleet.topology;

import io.muster.planner.state.FleetJob;
import io.muster.planner.work.Operation;
import io.muster.planner.work.Operations;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Mirrors in memory the jobs that have not ended in the partition: each event of a device job asks for its job. For one task. */
final class FleetJobs {
    private final KeyValueStore<String, FleetJob> store;
    private final Map<String, FleetJob> mirror = new HashMap<>();
    private final Map<Long, String> ids = new HashMap<>();
    private final Map<String, Operation> operations = new HashMap<>();

    FleetJobs(KeyValueStore<String, FleetJob> store) {
        this.store = store;
        try (KeyValueIterator<String, FleetJob> all = store.all()) {
            all.forEachRemaining(entry -> {
                mirror.put(entry.key, entry.value);
                ids.put(entry.value.getJobNumber(), entry.key);
            });
        }
    }

    List<FleetJob> all() {
        return List.copyOf(mirror.values());
    }

    @Nullable
    FleetJob get(@Nullable String jobId) {
        return jobId == null ? null : mirror.get(jobId);
    }

    /** Returns the job of that number; null where there is none. */
    @Nullable
    FleetJob ofNumber(long number) {
        return get(ids.get(number));
    }

    void put(FleetJob job) {
        @Nullable FleetJob before = mirror.put(job.getJobId(), job);
        ids.put(job.getJobNumber(), job.getJobId());
        if (before != null && before.getJobNumber() != job.getJobNumber()) {
            ids.remove(before.getJobNumber());
            operations.remove(job.getJobId());
        }
        store.put(job.getJobId(), job);
    }

    void delete(String jobId) {
        @Nullable FleetJob job = mirror.remove(jobId);
        if (job != null) {
            ids.remove(job.getJobNumber());
        }
        operations.remove(jobId);
        store.delete(jobId);
    }

    /**
     * Returns what the job does on its targets; empty where its history is dropped.
     *
     * @throws IllegalArgumentException where an earlier version let it in and this one would not
     */
    Optional<Operation> operation(FleetJob job) {
        Object kept = job.getOperation();
        return kept == null
                ? Optional.empty()
                : Optional.of(operations.computeIfAbsent(job.getJobId(), _ -> Operations.of(kept)));
    }
}
