package io.muster.service.growth;

import io.muster.service.LogScan;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads what is committed in partitions, up to ends that are given. Not thread-safe. */
final class LogReader implements AutoCloseable {
    /** Bounds no read: an operator waits for the command, however much there is to read. */
    private static final Duration UNBOUNDED = Duration.ofDays(365);

    private static final int FETCH_WAIT_MS = 50;

    private final Admin admin;
    private final KafkaConsumer<byte[], byte[]> consumer;

    /** Opens a consumer of what is committed. @param properties of a Kafka client; {@code admin} is not closed here */
    LogReader(Admin admin, Map<String, Object> properties) {
        this.admin = admin;
        Map<String, Object> all = new HashMap<>(properties);
        all.put("isolation.level", "read_committed");
        all.put("enable.auto.commit", false);
        all.put("fetch.max.wait.ms", FETCH_WAIT_MS);
        this.consumer = new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    List<TopicPartition> partitions(String topic) throws ExecutionException, InterruptedException {
        return Objects.requireNonNull(admin.describeTopics(List.of(topic))
                        .allTopicNames()
                        .get()
                        .get(topic))
                .partitions()
                .stream()
                .map(partition -> new TopicPartition(topic, partition.partition()))
                .toList();
    }

    /** Returns the ends behind all that was written, committed or not. */
    Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions)
            throws ExecutionException, InterruptedException {
        return offsets(partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED);
    }

    /** Returns the ends before the first open transaction. */
    Map<TopicPartition, Long> stableEnds(Collection<TopicPartition> partitions)
            throws ExecutionException, InterruptedException {
        return offsets(partitions, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED);
    }

    private Map<TopicPartition, Long> offsets(
            Collection<TopicPartition> partitions, OffsetSpec of, IsolationLevel level)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        admin.listOffsets(
                        partitions.stream().collect(Collectors.toMap(Function.identity(), _ -> of)),
                        new ListOffsetsOptions(level))
                .all()
                .get()
                .forEach((partition, found) -> offsets.put(partition, found.offset()));
        return offsets;
    }

    void read(
            Collection<TopicPartition> partitions,
            Map<TopicPartition, Long> ends,
            Consumer<ConsumerRecord<byte[], byte[]>> visitor) {
        read(partitions, Map.of(), ends, visitor);
    }

    /**
     * Hands every committed record before the ends to a visitor.
     *
     * @param from where to begin; a partition that it lacks, or whose offset was deleted since, from its beginning
     */
    void read(
            Collection<TopicPartition> partitions,
            Map<TopicPartition, Long> from,
            Map<TopicPartition, Long> ends,
            Consumer<ConsumerRecord<byte[], byte[]>> visitor) {
        consumer.assign(partitions);
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions);
        beginnings.forEach((partition, beginning) ->
                consumer.seek(partition, Math.max(beginning, from.getOrDefault(partition, 0L))));
        Map<TopicPartition, Long> wanted = new HashMap<>();
        partitions.forEach(partition -> wanted.put(partition, ends.getOrDefault(partition, 0L)));
        LogScan.readOn(consumer, wanted, UNBOUNDED, () -> false, visitor);
    }

    @Override
    public void close() {
        consumer.close();
    }
}
