package io.muster.planner.fleet.stream;

import io.muster.planner.fleet.DeviceJobs;
import io.muster.planner.fleet.Methods;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.PendingMethod;
import io.muster.query.device.Condition;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobStatus;
import io.muster.records.ExpansionCompleted;
import io.muster.records.OperationType;
import io.muster.service.Traces;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The partition's device jobs, from their first event until their job's history is over. What happens to one goes to its topic
 * and is folded here at once. For one task.
 */
final class DeviceJobTable {
    private static final StringSerializer TEXT = new StringSerializer();
    private static final AttributeKey<String> STATUS = AttributeKey.stringKey("muster.device.job.status");
    private static final char BEHIND_NUL = '\u0001';

    private final int partition;
    private final KeyValueStore<String, DeviceJob> store;
    private final FleetOutbox outbox;
    private final Traces traces;

    /** @param partition whose they are @param store by job id, NUL, device id */
    DeviceJobTable(int partition, KeyValueStore<String, DeviceJob> store, FleetOutbox outbox, Traces traces) {
        this.partition = partition;
        this.store = store;
        this.outbox = outbox;
        this.traces = traces;
    }

    /**
     * Of a method on one device.
     *
     * @param jobPartitions how many device partitions there were when the job began; 0 for as many as there are
     * @param previous the state that the device job leaves; null at its first event
     */
    void method(
            PendingMethod pending, int jobPartitions, @Nullable DeviceJobStatus previous, Object event, Instant now) {
        String jobId = Objects.requireNonNull(pending.getJobId(), "a method of a job");
        happened(
                OperationType.METHOD,
                new JobSlice(jobId, Methods.jobNumber(pending), partitionOf(jobPartitions), now),
                pending.getDeviceId(),
                previous,
                pending.getCreatedAt(),
                event);
    }

    /** Of any job on one device. @param previous the state that the device job leaves; null at its first event */
    void happened(FleetJob job, String deviceId, @Nullable DeviceJobStatus previous, Object event, Instant now) {
        happened(
                job.getMethod() == null ? OperationType.TWIN : OperationType.METHOD,
                new JobSlice(job.getJobId(), job.getJobNumber(), partitionOf(job.getPartitions()), now),
                deviceId,
                previous,
                now,
                event);
    }

    /**
     * All events of a device job are in one partition, and so is its part of the statistics: where the device was when the job began, of as
     * many partitions as there were. Their number has since been multiplied, if it is another.
     */
    private int partitionOf(int jobPartitions) {
        return jobPartitions == 0 ? partition : partition % jobPartitions;
    }

    private void happened(
            OperationType operation,
            JobSlice slice,
            String deviceId,
            @Nullable DeviceJobStatus previous,
            Instant createdAt,
            Object happened) {
        Optional<Traces.Trace> trace = traces.of(slice.jobId(), slice.jobNumber(), deviceId);
        DeviceJobEvent event = new DeviceJobEvent(
                deviceId,
                previous,
                createdAt,
                happened,
                trace.map(Traces.Trace::traceparent).orElse(null));
        outbox.happened(slice, event);
        String key = key(slice.jobId(), deviceId);
        @Nullable DeviceJob before = previous == null ? null : store.get(key);
        DeviceJob after = DeviceJobs.evolve(before, slice.jobId(), event, slice.at(), operation);
        store.put(key, after);
        trace.ifPresent(followed -> tell(followed, before, after));
    }

    /** A span for each state that it has left, and one for the whole when it has ended. */
    private static void tell(Traces.Trace trace, @Nullable DeviceJob before, DeviceJob after) {
        Attributes status = Attributes.of(STATUS, after.getStatus().name());
        if (before != null) {
            String left = before.getStatus().name().toLowerCase(Locale.ROOT);
            trace.part(left, SpanKind.INTERNAL, before.getUpdatedAt(), after.getUpdatedAt(), false, status);
        }
        Instant endedAt = after.getEndedAt();
        if (endedAt != null) {
            boolean failed = after.getStatus() == DeviceJobStatus.FAILED;
            trace.whole("device job", after.getCreatedAt(), endedAt, failed, status);
        }
    }

    /** Of a method, if it is a job's that is followed. */
    Optional<Traces.Trace> trace(PendingMethod pending) {
        String jobId = pending.getJobId();
        return jobId == null ? Optional.empty() : traces.of(jobId, Methods.jobNumber(pending), pending.getDeviceId());
    }

    boolean contains(String jobId, String deviceId) {
        return store.get(key(jobId, deviceId)) != null;
    }

    Optional<DeviceJobStatus> status(String jobId, String deviceId) {
        return Optional.ofNullable(store.get(key(jobId, deviceId))).map(DeviceJob::getStatus);
    }

    /** The partition has listed all targets of the job. */
    void expanded(FleetJob job, Instant now) {
        outbox.expanded(
                new JobSlice(job.getJobId(), job.getJobNumber(), job.getPartition(), now),
                new ExpansionCompleted(job.getPartition(), job.getPartitions(), job.getDeviceCount()));
    }

    /**
     * Visits, in the order of job and device ids, at least those that the condition can match: it is for the visitor to judge.
     *
     * @param after the key behind which to begin; null for the first
     * @param budget spent on each row, also where there is none
     * @param visitor says whether to go on
     * @return the key behind which to go on; empty when none is left
     */
    Optional<String> candidates(
            Condition condition, @Nullable String after, Budget budget, Predicate<DeviceJob> visitor) {
        Optional<String> jobId = condition.equalities().stream()
                .filter(equality -> equality.path().equals(List.of("jobId")))
                .map(equality -> String.valueOf(equality.value()))
                .findFirst();
        if (condition.deviceIds().isPresent()) {
            return ofDevices(new TreeSet<>(condition.deviceIds().get()), jobId, after, budget, visitor);
        }
        @Nullable String from = after == null ? null : after + '\0';
        if (jobId.isPresent()) {
            String first = jobId.get() + '\0';
            String behind = jobId.get() + BEHIND_NUL;
            return visit(from == null || from.compareTo(first) < 0 ? first : from, behind, budget, visitor);
        }
        return visit(from, null, budget, visitor);
    }

    private Optional<String> visit(
            @Nullable String from, @Nullable String to, Budget budget, Predicate<DeviceJob> visitor) {
        if (from != null && to != null && from.compareTo(to) > 0) {
            return Optional.empty();
        }
        try (KeyValueIterator<String, DeviceJob> found = store.range(from, to)) {
            while (found.hasNext()) {
                KeyValue<String, DeviceJob> entry = found.next();
                budget.spend(Budget.VISIT);
                boolean goOn = visitor.test(entry.value);
                if ((!goOn || budget.isSpent()) && found.hasNext()) {
                    return Optional.of(entry.key);
                }
            }
            return Optional.empty();
        }
    }

    /** Goes from job to job, and looks the devices up in each. */
    private Optional<String> ofDevices(
            NavigableSet<String> deviceIds,
            Optional<String> only,
            @Nullable String after,
            Budget budget,
            Predicate<DeviceJob> visitor) {
        Optional<String> jobId = only.isPresent() ? only : nextJob(after == null ? null : jobId(after) + '\0');
        while (jobId.isPresent()) {
            for (String deviceId : deviceIds) {
                String key = key(jobId.get(), deviceId);
                if (after == null || key.compareTo(after) > 0) {
                    budget.spend(Budget.VISIT);
                    @Nullable DeviceJob found = store.get(key);
                    boolean goOn = found == null || visitor.test(found);
                    if (!goOn || budget.isSpent()) {
                        return Optional.of(key);
                    }
                }
            }
            budget.spend(Budget.VISIT);
            jobId = only.isPresent() ? Optional.empty() : nextJob(jobId.get() + BEHIND_NUL);
        }
        return Optional.empty();
    }

    private Optional<String> nextJob(@Nullable String from) {
        try (KeyValueIterator<String, DeviceJob> found = store.range(from, null)) {
            return found.hasNext() ? Optional.of(jobId(found.next().key)) : Optional.empty();
        }
    }

    /** Drops device jobs of that job. @return whether none is left */
    boolean drop(String jobId, Budget budget) {
        List<String> keys = new ArrayList<>();
        int most = budget.affords(Budget.DELETE);
        try (KeyValueIterator<String, DeviceJob> found = store.prefixScan(jobId + '\0', TEXT)) {
            while (found.hasNext() && keys.size() < most) {
                keys.add(found.next().key);
            }
        }
        keys.forEach(store::delete);
        budget.spend(Budget.DELETE * keys.size());
        return !budget.isSpent();
    }

    private static String key(String jobId, String deviceId) {
        return jobId + '\0' + deviceId;
    }

    private static String jobId(String key) {
        return key.substring(0, key.indexOf('\0'));
    }
}
