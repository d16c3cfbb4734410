package io.muster.service.growth;

import io.muster.service.state.RowPlacement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.utils.Bytes;

/**
 * Writes the rows of a table anew, each where it belongs, and deletes what was before. Nobody else writes meanwhile. One that was cut off is
 * made again from the beginning: until what was before is deleted, all of it is there, and rows that are there twice are equal. Holds the
 * keys of one partition in memory, and no values. Not thread-safe.
 */
final class TableMover {
    private static final byte[] NOBODY = {0};
    private static final int IN_FLIGHT = 10_000;
    private static final Duration POLICY_LIMIT = Duration.ofMinutes(2);
    private static final Duration POLL = Duration.ofMillis(100);

    private final Admin admin;
    private final LogReader reader;
    private final Producer<byte[], byte[]> producer;

    TableMover(Admin admin, LogReader reader, Producer<byte[], byte[]> producer) {
        this.admin = admin;
        this.reader = reader;
        this.producer = producer;
    }

    /** Gives the topic so many partitions, if it has fewer. */
    void grow(String topic, int partitions) throws ExecutionException, InterruptedException {
        if (reader.partitions(topic).size() < partitions) {
            admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(partitions)))
                    .all()
                    .get();
            while (reader.partitions(topic).size() < partitions) {
                Thread.sleep(POLL);
            }
        }
    }

    /**
     * Moves one.
     *
     * @param before how many partitions the rows are spread over, of which {@code after} is a multiple
     * @return how many rows there are
     */
    long move(Table table, int before, int after) throws ExecutionException, InterruptedException {
        grow(table.topic(), after);
        if (table.placement() == RowPlacement.STAYING) {
            return 0;
        }
        setPolicy(table.topic(), Optional.of("-1"));
        long rows = 0;
        for (int partition = 0; partition < before; partition++) {
            rows += split(table, partition, before, after);
        }
        setPolicy(table.topic(), Optional.empty());
        return rows;
    }

    /** Replaces all rows, by the same in each partition. */
    void replace(Table table, int partitions, Map<byte[], byte[]> rows)
            throws ExecutionException, InterruptedException {
        grow(table.topic(), partitions);
        setPolicy(table.topic(), Optional.of("-1"));
        List<TopicPartition> all = reader.partitions(table.topic());
        Map<TopicPartition, Long> ends = reader.ends(all);
        try (Writing writing = new Writing(table, ends)) {
            for (TopicPartition partition : all) {
                for (Map.Entry<byte[], byte[]> row : rows.entrySet()) {
                    writing.send(
                            new ProducerRecord<>(table.topic(), partition.partition(), row.getKey(), row.getValue()));
                }
            }
        }
        deleteBefore(table, ends);
        setPolicy(table.topic(), Optional.empty());
    }

    /** Returns the rows of one partition, and of those that it is split into where a move was cut off before. */
    private long split(Table table, int partition, int before, int after)
            throws ExecutionException, InterruptedException {
        List<TopicPartition> parts = IntStream.iterate(partition, part -> part < after, part -> part + before)
                .mapToObj(part -> new TopicPartition(table.topic(), part))
                .toList();
        Map<TopicPartition, Long> ends = reader.ends(parts);
        Map<Bytes, Place> last = new HashMap<>();
        reader.read(parts, ends, record -> {
            Bytes key = Bytes.wrap(record.key());
            if (record.value() != null) {
                last.put(key, new Place(record.partition(), record.offset()));
            } else if (last.containsKey(key) && last.get(key).partition() == record.partition()) {
                last.remove(key);
            }
        });
        if (table.placement() == RowPlacement.REBUILT) {
            last.clear();
        }
        try (Writing writing = new Writing(table, ends)) {
            reader.read(parts, ends, record -> {
                Place place = new Place(record.partition(), record.offset());
                if (place.equals(last.get(Bytes.wrap(record.key())))) {
                    table.partition(record.key(), record.value(), after)
                            .ifPresentOrElse(
                                    own -> writing.send(copy(record, own)),
                                    () -> parts.forEach(part -> writing.send(copy(record, part.partition()))));
                }
            });
        }
        deleteBefore(table, ends);
        return last.size();
    }

    private record Place(int partition, long offset) {}

    private static ProducerRecord<byte[], byte[]> copy(ConsumerRecord<byte[], byte[]> record, int partition) {
        return new ProducerRecord<>(
                record.topic(), partition, record.timestamp(), record.key(), record.value(), record.headers());
    }

    /**
     * Returns the first offset that stays: a local copy of state names the offset up to which it is complete. The record at that offset is deleted
     * too, so that the owner of a copy finds it outdated, and reads the topic.
     */
    private static long firstKept(Table table, long end) {
        return table.isState() && end > 0 ? end + 1 : end;
    }

    void deleteBefore(Table table, Map<TopicPartition, Long> ends) throws ExecutionException, InterruptedException {
        Map<TopicPartition, RecordsToDelete> old = new HashMap<>();
        ends.forEach((part, end) -> old.put(part, RecordsToDelete.beforeOffset(firstKept(table, end))));
        untilPolicyHolds(
                table.topic(), POLICY_LIMIT, () -> admin.deleteRecords(old).all());
    }

    /**
     * Deletes, again and again while the broker has not applied the policy that {@link #setPolicy} gave the topic: the controller knows of it
     * before the leaders of partitions do.
     *
     * @throws KafkaException at the limit, with a sentence
     */
    static void untilPolicyHolds(String topic, Duration limit, Supplier<KafkaFuture<Void>> deletion)
            throws ExecutionException, InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            try {
                deletion.get().get();
                return;
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof PolicyViolationException)) {
                    throw e;
                }
                if (System.nanoTime() > deadline) {
                    throw new KafkaException(
                            "After " + limit.toSeconds() + " seconds the broker still keeps " + topic
                                    + " from having records deleted, though its cleanup.policy was set to"
                                    + " compact,delete: see that nothing sets it back, and start this again",
                            e.getCause());
                }
                Thread.sleep(POLL);
            }
        }
    }

    /**
     * Sets how a topic is cleaned: records of a compacted topic can be deleted only while it deletes by age too.
     *
     * @param age empty for compaction alone
     */
    private void setPolicy(String topic, Optional<String> age) throws ExecutionException, InterruptedException {
        List<AlterConfigOp> operations = new ArrayList<>();
        operations.add(
                set(TopicConfig.CLEANUP_POLICY_CONFIG, Optional.of(age.isPresent() ? "compact,delete" : "compact")));
        operations.add(set(TopicConfig.RETENTION_MS_CONFIG, age));
        operations.add(set(TopicConfig.RETENTION_BYTES_CONFIG, age));
        admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), operations))
                .all()
                .get();
    }

    private static AlterConfigOp set(String name, Optional<String> value) {
        return new AlterConfigOp(
                new ConfigEntry(name, value.orElse(null)),
                value.isPresent() ? AlterConfigOp.OpType.SET : AlterConfigOp.OpType.DELETE);
    }

    /** Writes records; closing waits until all are acknowledged. */
    private final class Writing implements AutoCloseable {
        private final List<Future<RecordMetadata>> sent = new ArrayList<>();

        private Writing(Table table, Map<TopicPartition, Long> ends) {
            // Deleted with the old rows: see firstKept.
            ends.forEach((part, end) -> {
                if (firstKept(table, end) > end) {
                    send(new ProducerRecord<>(part.topic(), part.partition(), NOBODY, null));
                }
            });
        }

        private void send(ProducerRecord<byte[], byte[]> record) {
            sent.add(producer.send(record));
            if (sent.size() >= IN_FLIGHT) {
                close();
            }
        }

        @Override
        public void close() {
            producer.flush();
            for (Future<RecordMetadata> record : sent) {
                if (record.state() == Future.State.FAILED) {
                    throw new KafkaException("a row can't be written", record.exceptionNow());
                }
            }
            sent.clear();
        }
    }
}
