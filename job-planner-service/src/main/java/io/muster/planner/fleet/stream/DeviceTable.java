package io.muster.planner.fleet.stream;

import io.muster.codec.RecordCodec;
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

    DeviceTable(KeyValueStore<String, byte[]> store, RecordCodec<Device> codec, Outbox outbox) {
        this.store = store;
        this.codec = codec;
        this.outbox = outbox;
    }

    @Nullable
    Device get(String deviceId) {
        byte[] bytes = store.get(deviceId);
        return bytes == null ? null : codec.decode(bytes);
    }

    void put(Device device, Instant now) {
        byte[] bytes = codec.encode(device);
        store.put(device.getDeviceId(), bytes);
        outbox.sendEncoded(Outbox.sink(Topics.DEVICES), Route.byKey(device.getDeviceId()), bytes, now, null);
    }

    void delete(String deviceId, Instant now) {
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
