package io.muster.planner.fleet.topology;

import io.muster.planner.fleet.CloudMessages;
import io.muster.planner.state.PendingMessage;
import io.muster.records.Capability;
import io.muster.records.CloudMessage;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceRefused;
import io.muster.records.MessageQueued;
import io.muster.records.MessageRequest;
import io.muster.records.MessagesPurged;
import io.muster.service.Requester;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the partition's messages to devices. One is handed to each connection once, in the order of sending, and kept until the device has
 * acknowledged it: it gets it at least once. Rules are in {@link CloudMessages}. For one task.
 */
final class MessageTable {
    private static final StringSerializer TEXT = new StringSerializer();
    private static final HexFormat HEX = HexFormat.of();

    private final KeyValueStore<String, PendingMessage> store;
    private final ConnectionTable connections;
    private final FleetOutbox outbox;
    /** Counts waiting messages, by device. */
    private final Map<String, Integer> counts = new HashMap<>();

    MessageTable(KeyValueStore<String, PendingMessage> store, ConnectionTable connections, FleetOutbox outbox) {
        this.store = store;
        this.connections = connections;
        this.outbox = outbox;
        try (KeyValueIterator<String, PendingMessage> all = store.all()) {
            all.forEachRemaining(entry -> counts.merge(entry.value.getDeviceId(), 1, Integer::sum));
        }
    }

    int count(String deviceId) {
        return counts.getOrDefault(deviceId, 0);
    }

    /**
     * Queues a message and delivers it if the device takes messages, or refuses it; replies in either case.
     *
     * @param number unique among the messages to the device, and larger than those before
     */
    void send(String deviceId, CloudMessage message, long number, Requester requester, Instant now) {
        if (count(deviceId) >= CloudMessages.QUEUED_PER_DEVICE) {
            dropExpired(deviceId, now);
        }
        Optional<DeviceRefused> refusal = CloudMessages.refusal(message, count(deviceId), now);
        if (refusal.isPresent()) {
            outbox.reply(requester, refusal.get(), now);
            return;
        }
        PendingMessage pending = PendingMessage.newBuilder()
                .setDeviceId(deviceId)
                .setNumber(number)
                .setProperties(message.getProperties())
                .setBody(message.getBody())
                .setExpiresAt(message.getExpiresAt())
                .build();
        store.put(key(pending), pending);
        counts.merge(deviceId, 1, Integer::sum);
        outbox.reply(requester, new MessageQueued(count(deviceId)), now);
        dispatch(deviceId, now);
    }

    /**
     * Hands over what waits and was not handed to this connection, if the device is connected and takes messages.
     *
     * @return how many were handed over
     */
    int dispatch(String deviceId, Instant now) {
        return dispatch(deviceId, false, now);
    }

    /**
     * Hands over what waits.
     *
     * @param again hands over too what this connection was handed: it may not have taken it
     * @return how many were handed over
     */
    int dispatch(String deviceId, boolean again, Instant now) {
        if (count(deviceId) == 0) {
            return 0;
        }
        Optional<DeviceConnection> connection =
                connections.live(deviceId).filter(live -> live.getCapabilities().contains(Capability.MESSAGES));
        if (connection.isEmpty()) {
            return 0;
        }
        dropExpired(deviceId, now);
        int handedOver = 0;
        for (PendingMessage pending : of(deviceId)) {
            if (again || CloudMessages.isNewTo(pending, connection.get())) {
                long epoch = connection.get().getEpoch();
                store.put(
                        key(pending),
                        PendingMessage.newBuilder(pending).setEpoch(epoch).build());
                CloudMessage message =
                        new CloudMessage(pending.getProperties(), pending.getBody(), pending.getExpiresAt());
                outbox.deliver(
                        connection.get().getGateway(),
                        deviceId,
                        new MessageRequest(epoch, pending.getNumber(), message),
                        now);
                handedOver++;
            }
        }
        return handedOver;
    }

    /** Deletes a message that the device has. One that is not there was acknowledged before, purged, or has expired. */
    void acknowledged(String deviceId, long number) {
        @Nullable PendingMessage pending = store.get(key(deviceId, number));
        if (pending != null) {
            remove(pending);
        }
    }

    void purge(String deviceId, Requester requester, Instant now) {
        outbox.reply(requester, new MessagesPurged(drop(deviceId)), now);
    }

    /** Drops the messages of a device. @return how many waited */
    int drop(String deviceId) {
        List<PendingMessage> all = of(deviceId);
        all.forEach(this::remove);
        return all.size();
    }

    /** Returns the chore that drops what has expired, of all devices. */
    Chore expiry() {
        Iterator<String> devices = List.copyOf(counts.keySet()).iterator();
        return (budget, now) -> {
            while (devices.hasNext() && !budget.isSpent()) {
                String deviceId = devices.next();
                budget.spend(Budget.VISIT * (1 + count(deviceId)));
                budget.spend(Budget.DELETE * dropExpired(deviceId, now));
            }
            return !devices.hasNext();
        };
    }

    /** Drops the messages of a device that have expired. @return how many were dropped */
    private int dropExpired(String deviceId, Instant now) {
        int dropped = 0;
        for (PendingMessage pending : of(deviceId)) {
            if (CloudMessages.isExpired(pending, now)) {
                remove(pending);
                dropped++;
            }
        }
        return dropped;
    }

    private void remove(PendingMessage pending) {
        store.delete(key(pending));
        counts.computeIfPresent(pending.getDeviceId(), (_, count) -> count == 1 ? null : count - 1);
    }

    private List<PendingMessage> of(String deviceId) {
        List<PendingMessage> found = new ArrayList<>();
        if (count(deviceId) > 0) {
            try (KeyValueIterator<String, PendingMessage> messages = store.prefixScan(deviceId + '\0', TEXT)) {
                messages.forEachRemaining(entry -> found.add(entry.value));
            }
        }
        return found;
    }

    private static String key(PendingMessage pending) {
        return key(pending.getDeviceId(), pending.getNumber());
    }

    private static String key(String deviceId, long number) {
        return deviceId + '\0' + HEX.toHexDigits(number);
    }
}
