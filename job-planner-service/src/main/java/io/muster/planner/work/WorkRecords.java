package io.muster.planner.work;

import io.muster.planner.state.BackingOffWork;
import io.muster.planner.state.CancelledWork;
import io.muster.planner.state.CompletedWork;
import io.muster.planner.state.DeviceWork;
import io.muster.planner.state.FailedWork;
import io.muster.planner.state.ListedWork;
import io.muster.planner.state.RunningWork;
import io.muster.planner.state.WaitingWork;
import io.muster.records.DeviceJob;
import io.muster.records.FailureKind;
import io.muster.records.FailureReason;
import io.muster.records.OperationType;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads and writes work: as a partition keeps it, and as users see it. */
public final class WorkRecords {
    private WorkRecords() {}

    /** Returns the record that is kept. It is not of new work: of that nothing is kept. */
    public static DeviceWork record(WorkOnDevice of) {
        Attempts attempts = WorkDecider.attempts(of.work());
        return new DeviceWork(
                of.deviceId(),
                of.createdAt(),
                of.startedAt(),
                of.updatedAt(),
                attempts.count(),
                attempts.failures().stream().map(Enum::name).toList(),
                state(of.work()));
    }

    private static Object state(Work work) {
        return switch (work) {
            case Work.New _ -> throw new IllegalArgumentException("nothing has happened yet");
            case Work.Listed _ -> new ListedWork();
            case Work.Waiting waiting -> new WaitingWork(waiting.until().orElse(null));
            case Work.Running(var _, Link link, var until) ->
                new RunningWork(link.gateway(), link.run(), link.epoch(), until);
            case Work.BackingOff backingOff -> new BackingOffWork(backingOff.until());
            case Work.Ended(Work.Outcome.Completed(Work.@Nullable Reply answer)) ->
                answer == null ? new CompletedWork(null, null) : new CompletedWork(answer.status(), answer.payload());
            case Work.Ended(Work.Outcome.Failed(FailureReason reason, String detail)) ->
                new FailedWork(reason.name(), detail);
            case Work.Ended(Work.Outcome.Cancelled _) -> new CancelledWork();
        };
    }

    /** Reads a record that was kept. */
    public static WorkOnDevice read(DeviceWork kept) {
        List<FailureKind> failures =
                kept.getFailures().stream().map(FailureKind::valueOf).toList();
        Attempts attempts = new Attempts(kept.getAttempts(), failures);
        Work work = switch (kept.getState()) {
            case ListedWork _ -> new Work.Listed();
            case WaitingWork waiting -> new Work.Waiting(attempts, Optional.ofNullable(waiting.getUntil()));
            case RunningWork running ->
                new Work.Running(
                        attempts,
                        new Link(running.getGateway(), running.getGatewayRun(), running.getEpoch()),
                        running.getUntil());
            case BackingOffWork backingOff -> new Work.BackingOff(attempts, backingOff.getUntil());
            case CompletedWork completed -> new Work.Ended(new Work.Outcome.Completed(reply(completed)));
            case FailedWork failed ->
                new Work.Ended(new Work.Outcome.Failed(FailureReason.valueOf(failed.getReason()), failed.getDetail()));
            case CancelledWork _ -> new Work.Ended(new Work.Outcome.Cancelled());
            case Object unknown -> throw new IllegalStateException("not a state of work, class=" + unknown.getClass());
        };
        return new WorkOnDevice(
                kept.getDeviceId(), work, kept.getCreatedAt(), kept.getStartedAt(), kept.getUpdatedAt());
    }

    private static Work.@Nullable Reply reply(CompletedWork completed) {
        Integer status = completed.getStatus();
        String payload = completed.getPayload();
        return status == null || payload == null ? null : new Work.Reply(status, payload);
    }

    /** Returns the document of a device job. Contract: iot-hub, 2.4. */
    public static DeviceJob document(String jobId, OperationType operation, WorkOnDevice of) {
        DeviceJob.Builder document = DeviceJob.newBuilder()
                .setJobId(jobId)
                .setDeviceId(of.deviceId())
                .setOperation(operation)
                .setStatus(of.work().status().orElseThrow())
                .setCreatedAt(of.createdAt())
                .setStartedAt(of.startedAt())
                .setUpdatedAt(of.updatedAt());
        if (of.work() instanceof Work.Ended(Work.Outcome outcome)) {
            document.setEndedAt(of.updatedAt());
            switch (outcome) {
                case Work.Outcome.Completed(Work.@Nullable Reply answer) -> {
                    if (answer != null) {
                        document.setMethodStatus(answer.status()).setMethodPayload(answer.payload());
                    }
                }
                case Work.Outcome.Failed(FailureReason reason, String detail) ->
                    document.setFailure(reason).setFailureDetail(detail);
                case Work.Outcome.Cancelled _ -> {}
            }
        }
        return document.build();
    }

    /** Returns about how many bytes the record takes. */
    public static int roughSize(WorkOnDevice of) {
        int texts = switch (of.work()) {
            case Work.Ended(Work.Outcome.Completed(Work.@Nullable Reply answer)) ->
                answer == null ? 0 : answer.payload().length();
            case Work.Ended(Work.Outcome.Failed failed) -> failed.detail().length();
            case Work.Running running -> running.link().run().length();
            case Work.New _, Work.Listed _, Work.Waiting _, Work.BackingOff _, Work.Ended _ -> 0;
        };
        return 48 + of.deviceId().length() + texts;
    }
}
