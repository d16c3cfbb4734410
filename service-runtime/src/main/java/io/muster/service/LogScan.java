package io.muster.service;

import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Reads what partitions hold, once, up to ends that are given. Unlike a {@link LogFollower} it answers its caller: the loop is bounded, and a
 * broker's failure is the caller's exception.
 */
public final class LogScan {
    /** Keeps polls short: an end that has only a transaction's marker before it is reached in a poll that brings nothing. */
    private static final Duration POLL = Duration.ofMillis(10);

    private LogScan() {}

    /**
     * Reads each partition from its beginning.
     *
     * @param ends the partitions, and the offset behind the last record of each
     * @param limit that the scan may take
     * @param isUnwanted whether nobody wants the answer any more
     * @param visitor takes each record before its partition's end
     * @throws TimeoutException at the limit, or when the answer is unwanted
     * @throws org.apache.kafka.common.KafkaException where the brokers can't be read from
     */
    public static <K, V> void read(
            Consumer<K, V> consumer,
            Map<TopicPartition, Long> ends,
            Duration limit,
            BooleanSupplier isUnwanted,
            java.util.function.Consumer<ConsumerRecord<K, V>> visitor) {
        consumer.assign(ends.keySet());
        consumer.seekToBeginning(ends.keySet());
        readOn(consumer, ends, limit, isUnwanted, visitor);
    }

    /** Reads each partition from where the consumer is, which has been assigned them. Else as above. */
    public static <K, V> void readOn(
            Consumer<K, V> consumer,
            Map<TopicPartition, Long> ends,
            Duration limit,
            BooleanSupplier isUnwanted,
            java.util.function.Consumer<ConsumerRecord<K, V>> visitor) {
        long begun = System.nanoTime();
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            if (isUnwanted.getAsBoolean() || System.nanoTime() - begun > limit.toNanos()) {
                throw new TimeoutException(
                        "The log could not be read within " + limit.toSeconds() + " s, partitions=" + ends.keySet());
            }
            for (ConsumerRecord<K, V> record : consumer.poll(POLL)) {
                if (record.offset() < ends.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L)) {
                    visitor.accept(record);
                }
            }
        }
    }
}
