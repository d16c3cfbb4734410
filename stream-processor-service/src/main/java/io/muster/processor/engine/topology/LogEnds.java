package io.muster.processor.engine.topology;

import io.muster.query.stream.Ticks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.KafkaClientSupplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows where the logs of the inputs end, as of now and then. Records before an end had arrived when it was asked for; so when all of them
 * were read, nothing that arrived before the question is missing. The end is that of all that was appended: records that a transaction has not
 * committed yet may still come, and hold time up. One for each run; the streams threads ask it, each of its own partitions.
 */
public final class LogEnds implements Arrivals, KafkaClientSupplier, AutoCloseable {
    /**
     * Knows where logs end, for all runs of a process: asked together, answered one by one, so that a partition without a leader or a topic that is
     * gone holds up nobody else. Thread-safe.
     */
    public static final class Known {
        private static final Logger LOG = LoggerFactory.getLogger(Known.class);
        private static final long INTERVAL = 200 * Ticks.MILLISECOND;
        private static final int LIMIT_MS = 5_000;

        /** Holds the end of a partition's log at a time. @param asked when, in ticks */
        private record End(long asked, long offset) {}

        private final Admin admin;
        private final Map<TopicPartition, Integer> wanted = new ConcurrentHashMap<>();
        private final Map<TopicPartition, End> ends = new ConcurrentHashMap<>();
        private final Set<TopicPartition> asking = ConcurrentHashMap.newKeySet();
        private final Set<TopicPartition> unknown = ConcurrentHashMap.newKeySet();
        private final AtomicLong asked = new AtomicLong();

        /** Reads the ends of logs by an admin client of the process. @param admin is not closed here */
        public Known(Admin admin) {
            this.admin = admin;
        }

        private void want(Collection<TopicPartition> partitions) {
            partitions.forEach(partition -> wanted.merge(partition, 1, Integer::sum));
        }

        private void forget(Collection<TopicPartition> partitions) {
            for (TopicPartition partition : partitions) {
                if (wanted.computeIfPresent(partition, (_, count) -> count > 1 ? count - 1 : null) == null) {
                    ends.remove(partition);
                    unknown.remove(partition);
                }
            }
        }

        /** Returns the latest end that is known; null where none is. */
        private @Nullable End end(TopicPartition partition, long now) {
            long last = asked.get();
            if (Math.abs(now - last) >= INTERVAL && asked.compareAndSet(last, now)) {
                ask(now);
            }
            return ends.get(partition);
        }

        private void ask(long now) {
            Map<TopicPartition, OffsetSpec> due = wanted.keySet().stream()
                    .filter(asking::add)
                    .collect(Collectors.toMap(Function.identity(), _ -> OffsetSpec.latest()));
            if (due.isEmpty()) {
                return;
            }
            try {
                ListOffsetsResult found = admin.listOffsets(due, new ListOffsetsOptions().timeoutMs(LIMIT_MS));
                due.keySet()
                        .forEach(partition -> found.partitionResult(partition)
                                .whenComplete((end, error) -> answered(partition, now, end, error)));
            } catch (KafkaException | IllegalStateException e) {
                due.keySet().forEach(partition -> answered(partition, now, null, e));
            }
        }

        private void answered(
                TopicPartition partition, long now, @Nullable ListOffsetsResultInfo end, @Nullable Throwable error) {
            if (end != null && wanted.containsKey(partition)) {
                ends.put(partition, new End(now, end.offset()));
                unknown.remove(partition);
            } else if (error != null && wanted.containsKey(partition) && unknown.add(partition)) {
                LOG.warn(
                        "The end of a partition is not known, and stream jobs that read it wait: partition={} reason={}",
                        partition,
                        error.toString());
            }
            asking.remove(partition);
        }
    }

    /** Takes note of what a thread's consumer has read. */
    private static final class Read {
        private final Map<TopicPartition, Long> positions = new HashMap<>();
        private final Map<TopicPartition, Long> last = new HashMap<>();
    }

    private final Known known;
    private final Collection<TopicPartition> partitions;
    private final ThreadLocal<Read> reads = ThreadLocal.withInitial(Read::new);

    /** Collects the clients of the application while it is made. */
    private final List<AutoCloseable> clients = new ArrayList<>();

    private volatile boolean made;

    public LogEnds(Known known, Collection<TopicPartition> partitions) {
        this.known = known;
        this.partitions = partitions;
        known.want(partitions);
    }

    @Override
    public OptionalLong completeUntil(String topic, int partition, long taken, long now) {
        TopicPartition of = new TopicPartition(topic, partition);
        Read read = reads.get();
        Known.@Nullable End end = known.end(of, now);
        return end != null
                        && read.positions.getOrDefault(of, -1L) >= end.offset()
                        && read.last.getOrDefault(of, -1L) <= taken
                ? OptionalLong.of(end.asked())
                : OptionalLong.empty();
    }

    /**
     * Makes the application that reads, once. Where it can't be made, nothing of it is left: Kafka Streams itself would leave the clients that it
     * had made until then.
     */
    public KafkaStreams application(Topology topology, Properties properties) {
        try {
            return new KafkaStreams(topology, properties, this);
        } catch (RuntimeException e) {
            clients.forEach(client -> Utils.closeQuietly(client, "a client of an application that can't be made"));
            throw e;
        } finally {
            made = true;
            clients.clear();
        }
    }

    private <C extends AutoCloseable> C noted(C client) {
        if (!made) {
            clients.add(client);
        }
        return client;
    }

    @Override
    public Admin getAdmin(Map<String, Object> config) {
        return noted(Admin.create(config));
    }

    @Override
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
        return noted(new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()));
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
        return noted(new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()) {
            @Override
            public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
                ConsumerRecords<byte[], byte[]> polled = super.poll(timeout);
                read(this, polled);
                return polled;
            }
        });
    }

    /** Notes what the consumer of this thread has read. */
    void read(Consumer<byte[], byte[]> consumer, ConsumerRecords<byte[], byte[]> polled) {
        Read read = reads.get();
        for (TopicPartition partition : polled.partitions()) {
            ConsumerRecord<byte[], byte[]> last = polled.records(partition).getLast();
            read.last.put(partition, last.offset());
        }
        read.positions.keySet().retainAll(consumer.assignment());
        consumer.assignment().forEach(partition -> note(consumer, partition, read));
    }

    /** Notes the position, which goes on behind marks of transactions too, though they are no records. */
    private static void note(Consumer<byte[], byte[]> consumer, TopicPartition partition, Read read) {
        try {
            read.positions.put(partition, consumer.position(partition, Duration.ZERO));
        } catch (TimeoutException _) {
            read.positions.remove(partition); // It has none yet.
        }
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
        return noted(new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
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
