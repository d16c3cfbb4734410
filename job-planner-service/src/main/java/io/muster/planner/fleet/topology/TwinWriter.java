package io.muster.planner.fleet.topology;

import io.muster.planner.fleet.TwinChange;
import io.muster.records.Capability;
import io.muster.records.DesiredChanged;
import io.muster.records.Device;
import io.muster.records.Twin;
import java.time.Instant;

/** Keeps a changed twin, and notifies the device if it is connected and takes changes. For one task. */
final class TwinWriter {
    private final DeviceTable devices;
    private final ConnectionTable connections;
    private final FleetOutbox outbox;

    TwinWriter(DeviceTable devices, ConnectionTable connections, FleetOutbox outbox) {
        this.devices = devices;
        this.connections = connections;
        this.outbox = outbox;
    }

    /** Writes a change of a twin. @return the change, as it was given */
    TwinChange write(Device device, TwinChange change, Instant now) {
        if (change instanceof TwinChange.Changed changed) {
            devices.put(device, with(device, changed.twin()), now);
            String notification = changed.notification();
            if (notification != null) {
                String deviceId = device.getDeviceId();
                connections
                        .live(deviceId)
                        .filter(connection -> connection.getCapabilities().contains(Capability.DESIRED_CHANGES))
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
}
