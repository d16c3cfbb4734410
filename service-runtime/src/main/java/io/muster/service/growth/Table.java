package io.muster.service.growth;

import io.muster.document.IdentityId;
import io.muster.service.coordinator.KeyPartition;
import io.muster.service.state.RowPlacement;
import io.muster.topics.Partitioning;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Describes a compacted topic, and where each of its rows belongs.
 *
 * @param partitioning by jobs or by devices
 * @param placement says where each row belongs
 * @param application whose state it is; null for a topic of the catalogue
 */
record Table(
        String topic,
        Partitioning partitioning,
        RowPlacement placement,
        @Nullable String application) {
    private static final char SEPARATOR = '\0';

    /** Returns whether it is state, whose local copies are outdated when it moves. */
    boolean isState() {
        return application != null;
    }

    /** Returns whether both are of one application and partitioned alike. */
    boolean isWith(Table other) {
        return other != this
                && application != null
                && application.equals(other.application)
                && partitioning == other.partitioning;
    }

    /** Returns the row's partition among so many; empty where the row does not say. */
    Optional<Integer> partition(byte[] key, byte[] value, int partitions) {
        String id = switch (placement) {
            case BY_KEY -> before(text(key));
            case BY_END_OF_KEY -> text(key).substring(text(key).lastIndexOf(SEPARATOR) + 1);
            case BY_VALUE -> text(value);
            case IN_ALL, STAYING, REBUILT, NUMBERS -> null;
        };
        if (id == null) {
            return Optional.empty();
        }
        return Optional.of(
                KeyPartition.of(partitioning == Partitioning.BY_DEVICE ? IdentityId.deviceId(id) : id, partitions));
    }

    private static String before(String key) {
        int end = key.indexOf(SEPARATOR);
        return end < 0 ? key : key.substring(0, end);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
