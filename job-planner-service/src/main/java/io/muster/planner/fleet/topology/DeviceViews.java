package io.muster.planner.fleet.topology;

import io.muster.planner.fleet.DeviceRow;
import io.muster.records.Device;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceView;
import io.muster.records.Twin;
import org.jspecify.annotations.Nullable;

/** Shows devices to requesters: connected only while they can be reached. For one task. */
final class DeviceViews {
    /** Bounds the memory and the time that the API needs for a page; its record has room for several times as much. */
    static final int PAGE_BYTES = 512 * 1024;

    private static final int DEVICE_BYTES = 512;

    private final ConnectionTable connections;
    private final MessageTable messages;

    DeviceViews(ConnectionTable connections, MessageTable messages) {
        this.connections = connections;
        this.messages = messages;
    }

    DeviceView of(Device device) {
        return new DeviceView(device, connection(device), messages.count(device.getDeviceId()));
    }

    DeviceRow row(Device device) {
        return new DeviceRow(device, connection(device), messages.count(device.getDeviceId()));
    }

    private @Nullable DeviceConnection connection(Device device) {
        @Nullable DeviceConnection connection = connections.get(device.getDeviceId());
        return connection != null && connection.getConnected() && !connections.isLive(connection)
                ? DeviceConnection.newBuilder(connection).setConnected(false).build()
                : connection;
    }

    /** Returns about how many characters of a page the device takes. */
    static int roughSize(Device device) {
        Twin twin = device.getTwin();
        return DEVICE_BYTES
                + twin.getTags().length()
                + twin.getDesired().length()
                + twin.getDesiredMetadata().length()
                + twin.getReported().length()
                + twin.getReportedMetadata().length();
    }
}
