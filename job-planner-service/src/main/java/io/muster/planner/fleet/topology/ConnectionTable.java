package io.muster.planner.fleet.topology;

import io.muster.document.IdentityId;
import io.muster.records.DeviceConnection;
import io.muster.records.GatewayHeartbeat;
import io.muster.service.Outbox;
import io.muster.service.coordinator.LogTime;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the connections of devices. The store is mirrored in memory, decoded, because every delivery and every target of a job asks. A
 * connection counts only while its gateway lives: the same run of it, heard of within the lease. How long a gateway was silent is
 * measured in {@link LogTime}, so that a log that is away ends nobody's lease. For one task.
 */
final class ConnectionTable {
    /** Bounds the silence of a gateway, in seconds: beyond it its connections do not count. */
    static final long LEASE = 10;

    /** Counts seconds of a gateway's silence after which its connections are ended for good. */
    static final long ENDED_AFTER = 60;

    /** Limits the earlier runs of a gateway that are remembered. */
    private static final int MOST_FORMER = 8;

    /** Bounds the difference between the clocks of a gateway and of this planner, with the latency of a delivery. */
    private static final Duration CLOCKS_DIFFER = Duration.ofSeconds(60);

    /**
     * Holds what the task knows of a gateway.
     *
     * @param former its earlier runs, the last ones that this task heard of: one of them that is heard of late says nothing
     * @param lastSeen in seconds of the log
     */
    private record Gateway(String run, Set<String> former, long lastSeen, boolean endsCalls, Instant reportedUntil) {
        static Gateway begins(String run, @Nullable Gateway replaced) {
            Set<String> former = new LinkedHashSet<>();
            if (replaced != null) {
                former.addAll(replaced.former());
                former.add(replaced.run());
            }
            former.remove(run);
            if (former.size() > MOST_FORMER) {
                former.remove(former.iterator().next());
            }
            return new Gateway(run, former, 0, false, Instant.EPOCH);
        }

        Gateway heard(long now, boolean ends, Instant until) {
            return new Gateway(run, former, now, ends, until);
        }
    }

    private final KeyValueStore<String, DeviceConnection> store;
    private final Outbox outbox;
    private final Map<String, DeviceConnection> mirror = new HashMap<>();
    private final Map<Integer, Gateway> gateways = new HashMap<>();
    private final LogTime time;

    ConnectionTable(KeyValueStore<String, DeviceConnection> store, Outbox outbox, LogTime time) {
        this.store = store;
        this.outbox = outbox;
        this.time = time;
        try (KeyValueIterator<String, DeviceConnection> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, DeviceConnection> entry = all.next();
                mirror.put(entry.key, entry.value);
            }
        }
    }

    /** Returns the session, connected or not. */
    @Nullable
    DeviceConnection get(String deviceId) {
        return mirror.get(deviceId);
    }

    /** Returns the connection over which the device can be reached now. */
    Optional<DeviceConnection> live(String deviceId) {
        return Optional.ofNullable(mirror.get(deviceId)).filter(this::isLive);
    }

    /** Returns whether the connection's gateway lives. One that was not heard of since this task began may well live. */
    boolean isLive(DeviceConnection connection) {
        @Nullable Gateway gateway = gateways.get(connection.getGateway());
        return connection.getConnected()
                && silence(gateway) < LEASE
                && (gateway == null || gateway.run().equals(connection.getGatewayRun()));
    }

    private long silence(@Nullable Gateway gateway) {
        return time.seconds() - (gateway == null ? 0 : gateway.lastSeen());
    }

    /**
     * Notes a report of that run of the gateway. One of an earlier run says nothing of the one that lives. Where nothing was heard of the later
     * run within the lease, the earlier one takes its place again: a record that no gateway wrote would shut the gateway out for good.
     *
     * @return whether the gateway had been silent for so long that its connections did not count, and is back
     */
    boolean heard(int gateway, String run, Object report, Instant at) {
        @Nullable Gateway known = gateways.get(gateway);
        if (known != null && known.former().contains(run) && silence(known) < LEASE) {
            return false;
        }
        boolean wasSilent = known != null && silence(known) >= LEASE;
        Gateway before = known != null && known.run().equals(run) ? known : Gateway.begins(run, known);
        gateways.put(
                gateway,
                report instanceof GatewayHeartbeat beat
                        ? before.heard(
                                time.seconds(),
                                beat.getEndsCalls(),
                                beat.getCaughtUpAt() == null ? at : beat.getCaughtUpAt())
                        : before.heard(time.seconds(), before.endsCalls(), before.reportedUntil()));
        return wasSilent;
    }

    /**
     * Returns whether the gateway will report the end of a method, so that its time does not end here: an answer in time counts, however late it is
     * read, and the gateway that handed the method over measures the time by its own clock. One that runs anew knows nothing of the call; it is
     * waited for until it has reported what the run before it had not handed over. The wait ends where the gateway is silent for the lease, and where
     * it has handed over all deliveries that were written until the end of the call was due: then it never took the call, whose delivery was a dead
     * letter or was skipped.
     *
     * @param run of the gateway, when the method was delivered; empty where that was not kept
     * @param dueAt when its time is over by this planner's clock
     * @param time that the device has
     */
    boolean isAwaited(int gateway, String run, Instant dueAt, Duration time) {
        @Nullable Gateway known = gateways.get(gateway);
        if (silence(known) >= LEASE) {
            return false;
        }
        if (known == null) {
            return true;
        }
        if (!known.endsCalls() || run.isEmpty()) {
            // A gateway of an older version reports only up to when it had handed over everything.
            return known.reportedUntil().isBefore(dueAt);
        }
        return known.run().equals(run)
                ? known.reportedUntil().isBefore(dueAt.plus(time).plus(CLOCKS_DIFFER))
                : known.reportedUntil().equals(Instant.EPOCH);
    }

    /** Returns the devices and modules whose connections are that gateway's. */
    List<String> connectedTo(int gateway) {
        return mirror.values().stream()
                .filter(connection -> connection.getGateway() == gateway && connection.getConnected())
                .map(DeviceConnection::getDeviceId)
                .toList();
    }

    /** Returns connections whose gateway runs anew, or has been silent for so long that nobody waits for it; at most so many. */
    List<DeviceConnection> lost(int most) {
        return mirror.values().stream()
                .filter(connection -> connection.getConnected() && isLost(connection))
                .limit(most)
                .toList();
    }

    private boolean isLost(DeviceConnection connection) {
        @Nullable Gateway gateway = gateways.get(connection.getGateway());
        return silence(gateway) >= ENDED_AFTER
                || (gateway != null && !gateway.run().equals(connection.getGatewayRun()));
    }

    /** Returns how many devices can be reached now; modules are not counted. */
    long connected() {
        return mirror.values().stream()
                .filter(connection -> !IdentityId.isModule(connection.getDeviceId()) && isLive(connection))
                .count();
    }

    void put(DeviceConnection connection, Instant now) {
        mirror.put(connection.getDeviceId(), connection);
        store.put(connection.getDeviceId(), connection);
        outbox.send(
                Outbox.sink(Topics.DEVICE_CONNECTIONS),
                Topics.DEVICE_CONNECTIONS,
                outbox.routeOf(connection.getDeviceId()),
                connection,
                now);
    }

    void delete(String deviceId, Instant now) {
        if (mirror.remove(deviceId) != null) {
            store.delete(deviceId);
            outbox.sendEncoded(Outbox.sink(Topics.DEVICE_CONNECTIONS), outbox.routeOf(deviceId), null, now, null);
        }
    }
}
