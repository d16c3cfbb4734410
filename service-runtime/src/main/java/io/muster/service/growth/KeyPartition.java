package io.muster.service.growth;

import io.muster.service.InvalidRecordException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Where a key belongs, as Kafka's own partitioner says: it hashes the key's bytes with murmur2. */
public final class KeyPartition {
    private KeyPartition() {}

    static int of(String key, int partitions) {
        return Utils.toPositive(Utils.murmur2(key.getBytes(StandardCharsets.UTF_8))) % partitions;
    }

    /**
     * Who reads a record where its key does not belong, would keep state there that nobody finds.
     *
     * @throws InvalidRecordException where the writer put it elsewhere
     */
    public static void require(String key, RecordMetadata position, int partitions) throws InvalidRecordException {
        int own = of(key, partitions);
        if (own != position.partition()) {
            throw new InvalidRecordException("the key belongs into partition " + own + " and the record is in "
                    + position.partition() + ": partition by murmur2 of the key, as Kafka's own producer does");
        }
    }
}
