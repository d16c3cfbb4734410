package io.muster.service;

import io.muster.records.DeadLetter;
import io.muster.topics.RecordSizes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** Makes dead letters of records that can't be taken. A letter's own topic has room for each: a value or a key that others made too large is left out. */
public final class DeadLetters {
    private static final int LARGEST_KEY = (RecordSizes.LARGEST_LETTER - RecordSizes.LARGEST) / 2;

    private DeadLetters() {}

    /** Returns the letter for a record of a Kafka Streams application, with its position and the reason why it can't be taken. */
    public static DeadLetter of(
            String service, RecordMetadata position, Record<String, byte[]> record, String reason, Instant now) {
        return of(
                service,
                new ConsumerRecord<>(
                        position.topic(), position.partition(), position.offset(), record.key(), record.value()),
                reason,
                now);
    }

    /** Returns the letter for a record that a consumer read, with its position and the reason why it can't be taken. */
    public static DeadLetter of(String service, ConsumerRecord<String, byte[]> record, String reason, Instant now) {
        byte @Nullable [] value = record.value();
        byte @Nullable [] key = record.key() == null ? null : record.key().getBytes(StandardCharsets.UTF_8);
        return DeadLetter.newBuilder()
                .setTopic(record.topic())
                .setPartition(record.partition())
                .setOffset(record.offset())
                .setAt(now)
                .setService(service)
                .setReason(reason + leftOut("key", key, LARGEST_KEY) + leftOut("value", value, RecordSizes.LARGEST))
                .setKey(fits(key, LARGEST_KEY) ? ByteBuffer.wrap(key) : null)
                .setValue(fits(value, RecordSizes.LARGEST) ? ByteBuffer.wrap(value) : null)
                .build();
    }

    private static boolean fits(byte @Nullable [] bytes, int most) {
        return bytes != null && bytes.length <= most;
    }

    private static String leftOut(String part, byte @Nullable [] bytes, int most) {
        return bytes == null || bytes.length <= most
                ? ""
                : "; its " + part + " of " + bytes.length + " bytes is left out";
    }
}
