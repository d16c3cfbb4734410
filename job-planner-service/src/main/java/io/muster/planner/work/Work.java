package io.muster.planner.work;

import io.muster.records.DeviceJobStatus;
import io.muster.records.FailureReason;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Is the work of a job, or of an invocation, on one device: one type a state. */
public sealed interface Work {
    /** Is the work of a target, about which nothing was said yet. */
    record New() implements Work {}

    /** Waits for its turn: its job is paced or held, or the hub's rate of operations is limited. */
    record Listed() implements Work {}

    /** Waits for its device. @param until it fails then; empty where it waits as long as its job lives */
    record Waiting(Attempts attempts, Optional<Instant> until) implements Work {}

    /** Awaits the answer to an attempt that a gateway has. @param until the device has to have answered */
    record Running(Attempts attempts, Link link, Instant until) implements Work {}

    /** Waits to be tried again. @param until that is due */
    record BackingOff(Attempts attempts, Instant until) implements Work {}

    /** Has ended, once. */
    record Ended(Outcome outcome) implements Work {}

    /** Says how work ended. */
    sealed interface Outcome {
        /** Says that the operation was done. @param answer of the device; null where the operation has none */
        record Completed(@Nullable Reply answer) implements Outcome {}

        /** Says that the operation was not done, or that nobody knows whether it was. */
        record Failed(FailureReason reason, String detail) implements Outcome {}

        /** Says that the operation was never handed to the device. */
        record Cancelled() implements Outcome {}
    }

    /** Is what a device answered. @param payload JSON */
    record Reply(int status, String payload) {}

    /** Returns the state as users see it; empty before anything was said about the work. */
    default Optional<DeviceJobStatus> status() {
        return switch (this) {
            case New _ -> Optional.empty();
            case Listed _, Waiting _, BackingOff _ -> Optional.of(DeviceJobStatus.QUEUED);
            case Running _ -> Optional.of(DeviceJobStatus.RUNNING);
            case Ended(Outcome outcome) ->
                Optional.of(
                        switch (outcome) {
                            case Outcome.Completed _ -> DeviceJobStatus.COMPLETED;
                            case Outcome.Failed _ -> DeviceJobStatus.FAILED;
                            case Outcome.Cancelled _ -> DeviceJobStatus.CANCELLED;
                        });
        };
    }
}
