package io.muster.planner.fleet;

import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceJobStatus;
import io.muster.records.OperationType;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Folds the events of a device job. Contract: iot-hub, 2.4. */
public final class DeviceJobs {
    private DeviceJobs() {}

    /**
     * Returns the device job after the event.
     *
     * @param before null at its first event
     */
    public static DeviceJob evolve(
            @Nullable DeviceJob before, String jobId, DeviceJobEvent event, Instant at, OperationType operation) {
        DeviceJob.Builder next = before == null ? first(jobId, event, operation) : DeviceJob.newBuilder(before);
        next.setUpdatedAt(at);
        return switch (event.getEvent()) {
            case DeviceJobQueued _ -> next.setStatus(DeviceJobStatus.QUEUED).build();
            case DeviceJobDelivered _ ->
                started(next, at).setStatus(DeviceJobStatus.RUNNING).build();
            case DeviceJobCompleted completed ->
                started(next, at)
                        .setStatus(DeviceJobStatus.COMPLETED)
                        .setEndedAt(at)
                        .setMethodStatus(completed.getMethodStatus())
                        .setMethodPayload(completed.getMethodPayload())
                        .build();
            case DeviceJobFailed failed ->
                next.setStatus(DeviceJobStatus.FAILED)
                        .setEndedAt(at)
                        .setFailure(failed.getReason())
                        .setFailureDetail(failed.getDetail())
                        .build();
            case DeviceJobCancelled _ ->
                next.setStatus(DeviceJobStatus.CANCELLED).setEndedAt(at).build();
            case Object unknown ->
                throw new IllegalStateException("not an event of a device job, class=" + unknown.getClass());
        };
    }

    private static DeviceJob.Builder first(String jobId, DeviceJobEvent event, OperationType operation) {
        return DeviceJob.newBuilder()
                .setJobId(jobId)
                .setDeviceId(event.getDeviceId())
                .setOperation(operation)
                .setCreatedAt(event.getCreatedAt());
    }

    private static DeviceJob.Builder started(DeviceJob.Builder job, Instant at) {
        return job.getStartedAt() == null ? job.setStartedAt(at) : job;
    }
}
