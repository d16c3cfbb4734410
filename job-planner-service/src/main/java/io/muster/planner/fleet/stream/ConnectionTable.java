package io.muster.planner.fleet.stream;

import io.muster.document.IdentityId;
import io.muster.records.DeviceConnection;
import io.muster.service.Outbox;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Who is connected where. The store is mirrored in memory, decoded, because every delivery and every target of a job asks. A
 * connection counts only while its gateway lives: the same run of it, heard of within the lease. For one task.
 */
final class ConnectionTable {
    /** A gateway that is silent for so long holds no connections any more. */
    static final Duration LEASE = Duration.ofSeconds(10);

    /** Its connections are ended for good when it has been silent for so long. */
    static final Duration GIVEN_UP = Duration.ofSeconds(60);

    private record Gateway(String run, Instant lastSeen, Instant reportedUntil) {}

    private final KeyValueStore<String, DeviceConnection> store;
    private final Outbox outbox;
    private final Map<String, DeviceConnection> mirror = new HashMap<>();
    private final Map<Integer, Gateway> gateways = new HashMap<>();
    private final Instant startedAt;

    ConnectionTable(KeyValueStore<String, DeviceConnection> store, Outbox outbox, Instant now) {
        this.store = store;
        this.outbox = outbox;
        this.startedAt = now;
        try (KeyValueIterator<String, DeviceConnection> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, DeviceConnection> entry = all.next();
                mirror.put(entry.key, entry.value);
            }
        }
    }

    /** The session, connected or not. */
    @Nullable
    DeviceConnection get(String deviceId) {
        return mirror.get(deviceId);
    }

    /** The connection over which the device can be reached now. */
    Optional<DeviceConnection> live(String deviceId, Instant now) {
        return Optional.ofNullable(mirror.get(deviceId)).filter(connection -> isLive(connection, now));
    }

    boolean isLive(DeviceConnection connection, Instant now) {
        if (!connection.getConnected()) {
            return false;
        }
        @Nullable Gateway gateway = gateways.get(connection.getGateway());
        if (gateway == null) {
            // Not heard of since this task began: it may well live.
            return now.isBefore(startedAt.plus(LEASE));
        }
        return gateway.run().equals(connection.getGatewayRun())
                && now.isBefore(gateway.lastSeen().plus(LEASE));
    }

    /**
     * A report came from that run of the gateway. One of an earlier run says nothing of the one that lives.
     *
     * @param run sorts behind those before it
     * @param reportedUntil what the gateway has to say of all before has been said; empty where the report does not tell
     */
    void heard(int gateway, String run, Optional<Instant> reportedUntil, Instant now) {
        @Nullable Gateway known = gateways.get(gateway);
        if (known == null || run.compareTo(known.run()) >= 0) {
            Instant before = known == null ? Instant.EPOCH : known.reportedUntil();
            gateways.put(gateway, new Gateway(run, now, reportedUntil.orElse(before)));
        }
    }

    /**
     * Whether the gateway had handed over, by that instant, what it was to, and everything that it wrote before has been read here, as its
     * heartbeats tell: what a device says in time must count, however late it is read, and its time does not run before it is asked. A
     * gateway that stays silent for the lease is waited for no longer.
     */
    boolean hasReportedUntil(int gateway, Instant instant, Instant now) {
        @Nullable Gateway known = gateways.get(gateway);
        if (known != null && !known.reportedUntil().isBefore(instant)) {
            return true;
        }
        Instant lastSeen = known == null ? startedAt : known.lastSeen();
        return now.isAfter(lastSeen.plus(LEASE)) && now.isAfter(instant.plus(LEASE));
    }

    /** Returns connections whose gateway runs anew, or has been silent for so long that nobody waits for it; at most so many. */
    List<DeviceConnection> lost(Instant now, int most) {
        return mirror.values().stream()
                .filter(connection -> connection.getConnected() && isLost(connection, now))
                .limit(most)
                .toList();
    }

    private boolean isLost(DeviceConnection connection, Instant now) {
        @Nullable Gateway gateway = gateways.get(connection.getGateway());
        if (gateway != null && !gateway.run().equals(connection.getGatewayRun())) {
            return true;
        }
        Instant lastSeen = gateway == null ? startedAt : gateway.lastSeen();
        return now.isAfter(lastSeen.plus(GIVEN_UP));
    }

    /** How many devices can be reached now; modules are not counted. */
    long connected(Instant now) {
        return mirror.values().stream()
                .filter(connection -> !IdentityId.isModule(connection.getDeviceId()) && isLive(connection, now))
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
