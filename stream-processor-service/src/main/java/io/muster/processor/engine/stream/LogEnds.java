package io.muster.processor.engine.stream;

import io.muster.query.stream.Ticks;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaClientSupplier;

/**
 * Knows where the logs of the inputs end, as of now and then. What stood before the end when that was asked, arrived before; so when all of it
 * was read, nothing that arrived before the question is missing. The end is that of all that was appended: what a transaction has not
 * committed yet may still come, and holds time up. One for each run; the streams threads ask it, each of its own partitions.
 */
public final class LogEnds implements Arrivals, KafkaClientSupplier, AutoCloseable {
    /** Where logs end, for all runs of a process: asked in one request. Thread-safe. */
    public static final class Known {
        private static final long INTERVAL = 200 * Ticks.MILLISECOND;

        private record Ends(long asked, Map<TopicPartition, Long> offsets) {}

        private final Admin admin;
        private final Map<TopicPartition, Integer> wanted = new ConcurrentHashMap<>();
        private final AtomicBoolean asking = new AtomicBoolean();
        private volatile Ends ends = new Ends(0, Map.of());

        /** @param admin is not closed here */
        public Known(Admin admin) {
            this.admin = admin;
        }

        private void want(Collection<TopicPartition> partitions) {
            partitions.forEach(partition -> wanted.merge(partition, 1, Integer::sum));
        }

        private void forget(Collection<TopicPartition> partitions) {
            partitions.forEach(
                    partition -> wanted.computeIfPresent(partition, (_, count) -> count > 1 ? count - 1 : null));
        }

        private Ends ends(long now) {
            if (Math.abs(now - ends.asked()) >= INTERVAL && asking.compareAndSet(false, true)) {
                ask(now);
            }
            return ends;
        }

        private void ask(long now) {
            admin.listOffsets(wanted.keySet().stream()
                            .collect(Collectors.toMap(Function.identity(), _ -> OffsetSpec.latest())))
                    .all()
                    .whenComplete((found, error) -> {
                        if (error == null) {
                            Map<TopicPartition, Long> offsets = new HashMap<>();
                            for (Map.Entry<TopicPartition, ListOffsetsResultInfo> end : found.entrySet()) {
                                offsets.put(end.getKey(), end.getValue().offset());
                            }
                            ends = new Ends(now, offsets);
                        }
                        asking.set(false);
                    });
        }
    }

    /** What a thread's consumer has read. */
    private static final class Read {
        private final Map<TopicPartition, Long> positions = new HashMap<>();
        private final Map<TopicPartition, Long> last = new HashMap<>();
    }

    private final Known known;
    private final Collection<TopicPartition> partitions;
    private final ThreadLocal<Read> reads = ThreadLocal.withInitial(Read::new);

    public LogEnds(Known known, Collection<TopicPartition> partitions) {
        this.known = known;
        this.partitions = partitions;
        known.want(partitions);
    }

    @Override
    public OptionalLong completeUntil(String topic, int partition, long taken, long now) {
        TopicPartition of = new TopicPartition(topic, partition);
        Read read = reads.get();
        Known.Ends ends = known.ends(now);
        long end = ends.offsets().getOrDefault(of, Long.MAX_VALUE);
        boolean complete = read.positions.getOrDefault(of, -1L) >= end && read.last.getOrDefault(of, -1L) <= taken;
        return complete ? OptionalLong.of(ends.asked()) : OptionalLong.empty();
    }

    @Override
    public Admin getAdmin(Map<String, Object> config) {
        return Admin.create(config);
    }

    @Override
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()) {
            @Override
            public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
                ConsumerRecords<byte[], byte[]> polled = super.poll(timeout);
                Read read = reads.get();
                for (TopicPartition partition : polled.partitions()) {
                    ConsumerRecord<byte[], byte[]> last =
                            polled.records(partition).getLast();
                    read.last.put(partition, last.offset());
                }
                read.positions.keySet().retainAll(assignment());
                assignment().forEach(partition -> note(this, partition, read));
                return polled;
            }
        };
    }

    /** It goes on behind marks of transactions too, of which no record tells. */
    private static void note(Consumer<byte[], byte[]> consumer, TopicPartition partition, Read read) {
        try {
            read.positions.put(partition, consumer.position(partition, Duration.ZERO));
        } catch (TimeoutException _) {
            read.positions.remove(partition); // It has none yet.
        }
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
        return getRestoreConsumer(config);
    }

    @Override
    public void close() {
        known.forget(partitions);
    }
}
