package io.muster.service;

import io.muster.document.IdentityId;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.jspecify.annotations.Nullable;

/**
 * Holds the key of an outgoing record, and its partition where the writer names one.
 *
 * @param key null for a record without key
 * @param partition {@link #BY_KEY}, or the partition
 */
public record Route(@Nullable String key, int partition) {
    static final int BY_KEY = -1;

    public static Route byKey(String key) {
        return new Route(key, BY_KEY);
    }

    /** Returns the route of a record about a device or a module: a module's own key stands in its device's partition. */
    public static Route ofDevice(String id, int partition) {
        return IdentityId.isModule(id) ? new Route(id, partition) : byKey(id);
    }

    /** Writes the key alone. */
    public static Serializer<Route> serializer() {
        return (_, route) -> route.key() == null ? null : route.key().getBytes(StandardCharsets.UTF_8);
    }

    /** Obeys the partition, or leaves the choice to Kafka's own partitioner. */
    public static <V> StreamPartitioner<Route, V> partitioner() {
        return (_, route, _, _) ->
                route.partition() == BY_KEY ? Optional.empty() : Optional.of(Set.of(route.partition()));
    }
}
