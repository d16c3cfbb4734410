package io.muster.planner.fleet.topology;

import io.muster.planner.state.FleetJob;
import io.muster.planner.work.Work;
import io.muster.planner.work.WorkOnDevice;
import io.muster.planner.work.WorkRecords;
import io.muster.query.device.Condition;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobStatus;
import io.muster.records.ExpansionCompleted;
import io.muster.service.Traces;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Announces events of device jobs, and finds device jobs for queries. For one task.
 */
final class DeviceJobTable {
    private static final AttributeKey<String> STATUS = AttributeKey.stringKey("muster.device.job.status");
    private static final char BEHIND_NUL = '\u0001';

    private final int partition;
    private final WorkSlices slices;
    private final FleetOutbox outbox;
    private final Traces traces;

    /** Announces the device jobs of one device partition. @param partition whose they are */
    DeviceJobTable(int partition, WorkSlices slices, FleetOutbox outbox, Traces traces) {
        this.partition = partition;
        this.slices = slices;
        this.outbox = outbox;
        this.traces = traces;
    }

    /**
     * Announces what has happened to a device job. All of its events are in one partition, and so is its part of the statistics: where the device
     * was when the job began, of as many partitions as there were. Their number has since been multiplied, if it is another.
     *
     * @param before new work at its first event
     */
    void happened(FleetJob job, WorkOnDevice before, WorkOnDevice after, Object event, Instant now) {
        String deviceId = after.deviceId();
        Optional<Traces.Trace> trace = traces.of(job.getJobId(), job.getJobNumber(), deviceId);
        outbox.happened(
                new JobSlice(job.getJobId(), job.getJobNumber(), partition % job.getPartitions(), now),
                new DeviceJobEvent(
                        deviceId,
                        before.work().status().orElse(null),
                        after.createdAt(),
                        event,
                        trace.map(Traces.Trace::traceparent).orElse(null)));
        trace.ifPresent(followed -> record(followed, before, after));
    }

    /** Records a span for each state that the device job has left, and one for the whole when it has ended. */
    private static void record(Traces.Trace trace, WorkOnDevice before, WorkOnDevice after) {
        DeviceJobStatus status = after.work().status().orElseThrow();
        Attributes attributes = Attributes.of(STATUS, status.name());
        before.work()
                .status()
                .ifPresent(left -> trace.part(
                        left.name().toLowerCase(Locale.ROOT),
                        SpanKind.INTERNAL,
                        before.updatedAt(),
                        after.updatedAt(),
                        false,
                        attributes));
        if (!after.isOpen()) {
            boolean failed = status == DeviceJobStatus.FAILED;
            trace.whole("device job", after.createdAt(), after.updatedAt(), failed, attributes);
        }
    }

    /** Returns the trace of the work, if it is a job's that is followed. */
    Optional<Traces.Trace> trace(WorkTable.Item item) {
        FleetJob job = item.job();
        return job == null ? Optional.empty() : traces.of(job.getJobId(), job.getJobNumber(), item.deviceId());
    }

    boolean contains(String jobId, String deviceId) {
        return slices.get(jobId, deviceId).isPresent();
    }

    /** Returns whether the job has failed on the device. */
    boolean hasFailed(String jobId, String deviceId) {
        return slices.get(jobId, deviceId)
                .filter(state -> state.work() instanceof Work.Ended(Work.Outcome outcome)
                        && outcome instanceof Work.Outcome.Failed)
                .isPresent();
    }

    /** Returns whether the device is a target of the job that waits for its turn. */
    boolean isListed(String jobId, String deviceId) {
        return slices.get(jobId, deviceId)
                .filter(state -> state.work() instanceof Work.Listed)
                .isPresent();
    }

    /** Announces that the partition has listed all targets of the job. */
    void expanded(FleetJob job, Instant now) {
        outbox.expanded(
                new JobSlice(job.getJobId(), job.getJobNumber(), job.getPartition(), now),
                new ExpansionCompleted(job.getPartition(), job.getPartitions(), job.getDeviceCount()));
    }

    /**
     * Visits, in the order of job and device ids, at least those that the condition can match: the visitor evaluates it.
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
        return condition.deviceIds().isPresent()
                ? ofDevices(new TreeSet<>(condition.deviceIds().get()), jobId, after, budget, visitor)
                : slices.scan(jobId, after, budget, row -> visitor.test(document(row)));
    }

    private static DeviceJob document(WorkSlices.Row row) {
        return WorkRecords.document(row.jobId(), row.operation(), row.work());
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
                    budget.spend(Budget.SLICE);
                    @Nullable
                    DeviceJob found = slices.row(jobId.get(), deviceId)
                            .map(DeviceJobTable::document)
                            .orElse(null);
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
        return slices.firstJob(from == null ? "" : from);
    }

    private static String key(String jobId, String deviceId) {
        return jobId + '\0' + deviceId;
    }

    private static String jobId(String key) {
        return key.substring(0, key.indexOf('\0'));
    }
}
