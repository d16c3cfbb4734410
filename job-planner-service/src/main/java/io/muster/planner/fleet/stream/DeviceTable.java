package io.muster.planner.fleet.stream;

import io.muster.codec.RecordCodec;
import io.muster.planner.fleet.Identities;
import io.muster.planner.stream.Outbox;
import io.muster.planner.stream.Route;
import io.muster.records.Device;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.function.Predicate;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** The partition's devices. A device is encoded once, for the store and for the topic. For one task. */
final class DeviceTable {
    private final KeyValueStore<String, byte[]> store;
    private final RecordCodec<Device> codec;
    private final Outbox outbox;
    private @Nullable Census census;

    DeviceTable(KeyValueStore<String, byte[]> store, RecordCodec<Device> codec, Outbox outbox) {
        this.store = store;
        this.codec = codec;
        this.outbox = outbox;
    }

    /** How many devices there are, and how many of them may connect. */
    record Census(long total, long enabled) {
        private Census with(Device device, long change) {
            return new Census(total + change, enabled + (Identities.isEnabled(device) ? change : 0));
        }
    }

    /** Walks the table the first time it is asked; from then on it is kept. */
    Census census() {
        @Nullable Census known = census;
        if (known != null) {
            return known;
        }
        Census[] counted = {new Census(0, 0)};
        scan(null, device -> {
            counted[0] = counted[0].with(device, 1);
            return true;
        });
        census = counted[0];
        return counted[0];
    }

    /** @param before and after null for none */
    private void recount(@Nullable Device before, @Nullable Device after) {
        @Nullable Census counted = census;
        if (counted != null) {
            counted = before == null ? counted : counted.with(before, -1);
            census = after == null ? counted : counted.with(after, 1);
        }
    }

    @Nullable
    Device get(String deviceId) {
        byte[] bytes = store.get(deviceId);
        return bytes == null ? null : codec.decode(bytes);
    }

    /** @param before as it stands in the table; null when it is new */
    void put(@Nullable Device before, Device device, Instant now) {
        recount(before, device);
        byte[] bytes = codec.encode(device);
        store.put(device.getDeviceId(), bytes);
        outbox.sendEncoded(Outbox.sink(Topics.DEVICES), Route.byKey(device.getDeviceId()), bytes, now, null);
    }

    void delete(Device device, Instant now) {
        String deviceId = device.getDeviceId();
        recount(device, null);
        store.delete(deviceId);
        outbox.sendEncoded(Outbox.sink(Topics.DEVICES), Route.byKey(deviceId), null, now, null);
    }

    /**
     * Visits devices in the order of their ids.
     *
     * @param after the id behind which to begin; null for the first
     * @param visitor says whether to go on
     * @return whether there are devices behind the last that was visited
     */
    boolean scan(@Nullable String after, Predicate<Device> visitor) {
        @Nullable String from = after == null ? null : after + '\0';
        try (KeyValueIterator<String, byte[]> devices = store.range(from, null)) {
            boolean goOn = true;
            while (goOn && devices.hasNext()) {
                KeyValue<String, byte[]> entry = devices.next();
                goOn = visitor.test(codec.decode(entry.value));
            }
            return devices.hasNext();
        }
    }
}
