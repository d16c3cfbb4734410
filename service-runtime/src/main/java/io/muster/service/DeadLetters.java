package io.muster.service;

import io.muster.records.DeadLetter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Dead letters of records that a Kafka Streams application can't take. */
public final class DeadLetters {
    private DeadLetters() {}

    /** The letter for a record, with its position and the reason why it was given up. */
    public static DeadLetter of(
            String service, RecordMetadata position, Record<String, byte[]> record, String reason, Instant now) {
        return DeadLetter.newBuilder()
                .setTopic(position.topic())
                .setPartition(position.partition())
                .setOffset(position.offset())
                .setAt(now)
                .setService(service)
                .setReason(reason)
                .setKey(
                        record.key() == null
                                ? null
                                : ByteBuffer.wrap(record.key().getBytes(StandardCharsets.UTF_8)))
                .setValue(record.value() == null ? null : ByteBuffer.wrap(record.value()))
                .build();
    }
}
