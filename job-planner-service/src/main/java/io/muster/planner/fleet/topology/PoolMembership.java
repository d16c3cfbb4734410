package io.muster.planner.fleet.topology;

import io.muster.document.IdentityId;
import io.muster.planner.fleet.PoolTag;
import io.muster.records.Capability;
import io.muster.records.Device;
import io.muster.records.DeviceConnection;
import io.muster.records.MoveRefused;
import io.muster.records.NodeConnected;
import io.muster.records.NodeRemoved;
import io.muster.records.PoolReport;
import io.muster.service.Outbox;
import io.muster.service.Route;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reports to pools which devices of this partition are theirs, and over which connections these take tasks. For one task. */
final class PoolMembership {
    private final ConnectionTable connections;
    private final Outbox outbox;

    PoolMembership(ConnectionTable connections, Outbox outbox) {
        this.connections = connections;
        this.outbox = outbox;
    }

    /** Names the sink of what goes to pools. */
    static String sink() {
        return Outbox.sink(Topics.POOL_REPORTS, FleetOutbox.WRITER);
    }

    /** Reports a device whose tag is another than before, or that is gone. @param before and after null for none; one of them is there */
    void changed(@Nullable Device before, @Nullable Device after, Instant now) {
        String deviceId = Objects.requireNonNull(after == null ? before : after, "one of them is")
                .getDeviceId();
        Optional<String> left = pool(before);
        Optional<String> joined = pool(after);
        if (!left.equals(joined)) {
            left.ifPresent(pool -> send(pool, deviceId, -1, 0, new NodeRemoved(), now));
        }
        if (!left.equals(joined) || joined.isPresent() && isDrained(before) != isDrained(after)) {
            connections.live(deviceId).ifPresent(connection -> connected(after, connection, now));
        }
    }

    /** Reports a connection that takes tasks, to the pool that the device's tag names. */
    void connected(@Nullable Device device, DeviceConnection connection, Instant now) {
        if (connection.getCapabilities().contains(Capability.TASKS)) {
            pool(device)
                    .ifPresent(pool -> send(
                            pool,
                            connection.getDeviceId(),
                            connection.getGateway(),
                            connection.getEpoch(),
                            new NodeConnected(isDrained(device), isLent(device)),
                            now));
        }
    }

    /** Says that a device can't be moved to another pool. */
    void moveRefused(String pool, String deviceId, Instant now) {
        send(pool, deviceId, -1, 0, new MoveRefused(), now);
    }

    private static boolean isDrained(@Nullable Device device) {
        return device != null && PoolTag.isDrained(device.getTwin().getTags());
    }

    private static boolean isLent(@Nullable Device device) {
        return device != null && PoolTag.isSpare(device.getTwin().getTags());
    }

    private static Optional<String> pool(@Nullable Device device) {
        return device == null || IdentityId.isModule(device.getDeviceId())
                ? Optional.empty()
                : PoolTag.of(device.getTwin().getTags());
    }

    private void send(String pool, String deviceId, int gateway, long epoch, Object report, Instant now) {
        outbox.send(
                sink(),
                Topics.POOL_REPORTS,
                Route.byKey(pool),
                new PoolReport(pool, deviceId, gateway, epoch, now, report),
                now);
    }
}
