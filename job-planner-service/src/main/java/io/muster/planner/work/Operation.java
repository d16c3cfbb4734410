package io.muster.planner.work;

import io.muster.planner.fleet.TwinChange;
import io.muster.planner.request.Fault;
import io.muster.records.Capability;
import io.muster.records.Device;
import io.muster.records.DeviceRefused;
import io.muster.records.FailureReason;
import io.muster.records.MethodTarget;
import io.muster.records.OperationType;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Is what a job does on each of its targets. A kind of operation is a plug-in: a folder here, and a line in {@link Operations}. */
public sealed interface Operation {
    /** Returns the name of its kind in documents of device jobs. */
    OperationType type();

    /** Changes the document of a device, in the fleet's own state: the device need not be connected. */
    non-sealed interface OnTwin extends Operation {
        /** Returns what becomes of the twin. */
        TwinChange applyTo(Device device, Instant now);

        /** Returns the failure of work whose change was refused. */
        static Work.Outcome.Failed failure(DeviceRefused refusal) {
            FailureReason reason = switch (refusal.getReason()) {
                case PRECONDITION_FAILED -> FailureReason.PRECONDITION_FAILED;
                case TOO_LARGE -> FailureReason.TOO_LARGE;
                default -> FailureReason.UNUSABLE_TWIN;
            };
            return new Work.Outcome.Failed(reason, refusal.getMessage());
        }
    }

    /** Asks something of the device, which has to be connected. */
    non-sealed interface OnDevice extends Operation {
        /** Returns what the device's connection has to take. */
        Capability needs();

        /** Returns how long the work waits for its device; zero where nothing was said about it. */
        Duration connectTime();

        /** Returns how long the device has to answer. */
        Duration answerTime();

        /** Returns what a gateway is handed: a record of the union {@code Delivery.delivery}. @param deliveryId names the attempt */
        Object delivery(long epoch, String deliveryId, Instant until);

        /** Returns what a gateway is handed for many of its devices: the same request, with its content once. */
        Object deliveries(List<MethodTarget> targets);

        /** Returns what the device's answer means. */
        Answer read(int status, ByteBuffer payload);
    }

    /**
     * Is a kind of operation.
     *
     * @param <R> as jobs are asked for it: a record of the union {@code JobDefinition.operation}
     * @param <K> as a device partition keeps it: a record of the union {@code FleetJob.operation}
     */
    interface Kind<R, K> {
        Class<R> request();

        Class<K> kept();

        /** Returns why a job with it is refused; empty where it is valid. */
        Optional<Fault> fault(R request);

        /** Returns what a device partition keeps of it. */
        K keep(R request);

        /** Returns the operation. It is one that was kept, and valid then. */
        Operation of(K kept);
    }
}
