package io.muster.service;

import io.muster.records.DeadLetter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Dead letters of records that can't be taken. */
public final class DeadLetters {
    private DeadLetters() {}

    /** Returns the letter for a record of a Kafka Streams application, with its position and the reason why it was given up. */
    public static DeadLetter of(
            String service, RecordMetadata position, Record<String, byte[]> record, String reason, Instant now) {
        return of(
                service,
                new ConsumerRecord<>(
                        position.topic(), position.partition(), position.offset(), record.key(), record.value()),
                reason,
                now);
    }

    /** Returns the letter for a record that a consumer read, with its position and the reason why it was given up. */
    public static DeadLetter of(String service, ConsumerRecord<String, byte[]> record, String reason, Instant now) {
        return DeadLetter.newBuilder()
                .setTopic(record.topic())
                .setPartition(record.partition())
                .setOffset(record.offset())
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
