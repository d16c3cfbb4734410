package io.muster.service.coordinator;

import io.muster.service.InvalidRecordException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** Computes the partition of a key, as Kafka's own partitioner does: it hashes the key's bytes with murmur2. */
public final class KeyPartition {
    private KeyPartition() {}

    /** Returns the partition, of so many. */
    public static int of(String key, int partitions) {
        return Utils.toPositive(Utils.murmur2(key.getBytes(StandardCharsets.UTF_8))) % partitions;
    }

    /**
     * Rejects a record whose key is not the id that its value names, or that is in the wrong partition: its state would be unreachable.
     *
     * @param id as the value names it
     * @param kind the thing that has the id, in words
     * @throws InvalidRecordException where the writer put it elsewhere
     */
    public static void require(String id, @Nullable String key, String kind, RecordMetadata position, int partitions)
            throws InvalidRecordException {
        if (!id.equals(key)) {
            throw new InvalidRecordException("the key is not the " + kind + " that the value names");
        }
        require(id, "the key", position, partitions);
    }

    /**
     * Rejects an id that is in the wrong partition: its state would be unreachable.
     *
     * @param name of the id, in words
     * @throws InvalidRecordException where the writer put it elsewhere
     */
    public static void require(String id, String name, RecordMetadata position, int partitions)
            throws InvalidRecordException {
        int own = of(id, partitions);
        if (own != position.partition()) {
            throw new InvalidRecordException(name + " belongs into partition " + own + " and the record is in "
                    + position.partition() + ": partition by murmur2 of the key, as Kafka's own producer does");
        }
    }
}
