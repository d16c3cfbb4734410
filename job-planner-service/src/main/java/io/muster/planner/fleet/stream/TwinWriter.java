package io.muster.planner.fleet.stream;

import io.muster.planner.fleet.TwinChange;
import io.muster.records.DesiredChanged;
import io.muster.records.Device;
import io.muster.records.Refusal;
import io.muster.records.Twin;
import java.time.Instant;

/** Keeps a changed twin, and tells the device if it is connected and wants to know. For one task. */
final class TwinWriter {
    private static final String DESIRED_FILTER = "$iothub/twin/PATCH/properties/desired/#";

    private final DeviceTable devices;
    private final ConnectionTable connections;
    private final FleetOutbox outbox;

    TwinWriter(DeviceTable devices, ConnectionTable connections, FleetOutbox outbox) {
        this.devices = devices;
        this.connections = connections;
        this.outbox = outbox;
    }

    /** @return the change, as it was given */
    TwinChange write(Device device, TwinChange change, Instant now) {
        if (change instanceof TwinChange.Changed changed) {
            devices.put(device, with(device, changed.twin()), now);
            String notification = changed.notification();
            if (notification != null) {
                String deviceId = device.getDeviceId();
                connections
                        .live(deviceId)
                        .filter(connection -> connection.getSubscriptions().contains(DESIRED_FILTER))
                        .ifPresent(connection -> outbox.deliver(
                                connection.getGateway(),
                                deviceId,
                                new DesiredChanged(
                                        connection.getEpoch(),
                                        notification,
                                        changed.twin().getDesiredVersion()),
                                now));
            }
        }
        return change;
    }

    static Device with(Device device, Twin twin) {
        return Device.newBuilder(device).setTwin(twin).build();
    }

    /** The name by which IoT Hub's clients know the reason. Contract: iot-hub, 1.10. */
    static String code(Refusal refusal) {
        return switch (refusal.getReason()) {
            case PRECONDITION_FAILED -> "PreconditionFailed";
            case TOO_LARGE -> "MessageTooLarge";
            case DEVICE_NOT_FOUND -> "DeviceNotFound";
            case DEVICE_NOT_ONLINE -> "DeviceNotOnline";
            case GATEWAY_TIMEOUT -> "GatewayTimeout";
            case INVALID_RESPONSE -> "InvalidResponse";
            case DEVICE_DISABLED -> "DeviceDisabled";
            case ARGUMENT_INVALID -> "ArgumentInvalid";
            case ARGUMENT_NULL -> "ArgumentNull";
            case JOB_ALREADY_EXISTS -> "JobAlreadyExists";
            case JOB_NOT_ACTIVE, JOB_RUNNING -> "OperationNotAllowedInCurrentState";
            case JOB_NOT_FOUND -> "JobNotFound";
            case TOO_MANY_ACTIVE_JOBS -> "ThrottlingMaxActiveJobCountExceeded";
            case DEVICE_ALREADY_EXISTS -> "DeviceAlreadyExists";
            case TOO_MANY_METHODS_IN_FLIGHT -> "DeviceMaximumInflightMethodExceeded";
            case MODULE_ALREADY_EXISTS -> "ModuleAlreadyExistsOnDevice";
            case MODULE_NOT_FOUND -> "ModuleNotFound";
            case QUEUE_FULL -> "DeviceMaximumQueueDepthExceeded";
            case THROTTLED -> "ThrottlingException";
            case UNKNOWN -> "ServerError";
        };
    }
}
