package io.muster.service.trouble;

import io.muster.service.EndOffsets;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * Holds topics of one partition each in memory, read through Kafka's interface by any number of consumers of one group. A record that was read
 * is read again behind a seek. Polls are small, so that what was read is in several of them. Thread-safe, as no consumer of Kafka's is.
 *
 * @param <K> the keys
 */
public final class MemoryLog<K> {
    private static final int BATCH = 2;
    private static final long EMPTY_POLL_NANOS = Duration.ofMillis(1).toNanos();

    private final Map<TopicPartition, List<ConsumerRecord<K, byte[]>>> partitions = new LinkedHashMap<>();
    private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();

    /** Makes empty topics. */
    public MemoryLog(String... topics) {
        for (String topic : topics) {
            partitions.put(new TopicPartition(topic, 0), new ArrayList<>());
        }
    }

    /** Appends a record. */
    public synchronized void add(String topic, @Nullable K key, byte @Nullable [] value) {
        List<ConsumerRecord<K, byte[]>> records = of(new TopicPartition(topic, 0));
        records.add(new ConsumerRecord<>(topic, 0, records.size(), key, value));
    }

    /** Returns the offset up to which the group has committed; 0 before. */
    public synchronized long committed(String topic) {
        OffsetAndMetadata offset = committed.get(new TopicPartition(topic, 0));
        return offset == null ? 0 : offset.offset();
    }

    /** Returns a consumer at the beginning of each partition, which it gets by assignment or by subscription. */
    @SuppressWarnings("unchecked")
    public Consumer<K, byte[]> consumer() {
        Reader reader = new Reader();
        return (Consumer<K, byte[]>) Proxy.newProxyInstance(
                MemoryLog.class.getClassLoader(),
                new Class<?>[] {Consumer.class},
                (_, method, arguments) -> reader.call(method.getName(), arguments));
    }

    /** Returns the brokers, who answer at once. */
    public EndOffsets ends() {
        return new EndOffsets() {
            @Override
            public CompletableFuture<Map<TopicPartition, Long>> ask(Collection<TopicPartition> asked) {
                return CompletableFuture.completedFuture(endsOf(asked));
            }

            @Override
            public void close() {}
        };
    }

    private List<ConsumerRecord<K, byte[]>> of(TopicPartition partition) {
        List<ConsumerRecord<K, byte[]>> records = partitions.get(partition);
        if (records == null) {
            throw new IllegalArgumentException("no such partition, partition=" + partition);
        }
        return records;
    }

    private synchronized Map<TopicPartition, Long> endsOf(Collection<TopicPartition> asked) {
        return asked.stream().collect(Collectors.toMap(Function.identity(), partition ->
                (long) of(partition).size()));
    }

    private final class Reader {
        private final Map<TopicPartition, Long> positions = new HashMap<>();
        private final Set<TopicPartition> paused = new HashSet<>();
        private boolean woken;
        private boolean closed;

        private @Nullable Object call(String name, Object @Nullable [] arguments) {
            Object first = arguments == null || arguments.length == 0 ? "" : arguments[0];
            ConsumerRecords<K, byte[]> polled;
            synchronized (MemoryLog.this) {
                if (closed && !name.equals("wakeup") && !name.equals("close")) {
                    throw new IllegalStateException("This consumer has already been closed.");
                }
                if (!name.equals("poll")) {
                    return answer(name, first, arguments == null ? new Object[0] : arguments);
                }
                polled = poll();
            }
            if (polled.isEmpty()) {
                LockSupport.parkNanos(EMPTY_POLL_NANOS);
            }
            return polled;
        }

        private @Nullable Object answer(String name, Object first, Object[] arguments) {
            switch (name) {
                case "partitionsFor" -> {
                    return List.of(
                            new PartitionInfo(String.valueOf(first), 0, Node.noNode(), new Node[0], new Node[0]));
                }
                case "assign" -> {
                    positions.clear();
                    some(first).forEach(partition -> positions.put(partition, committedOffset(partition)));
                }
                case "subscribe" -> {
                    Collection<?> topics = (Collection<?>) first;
                    partitions.keySet().stream()
                            .filter(partition -> topics.contains(partition.topic()))
                            .forEach(partition -> positions.put(partition, committedOffset(partition)));
                }
                case "assignment" -> {
                    return Set.copyOf(positions.keySet());
                }
                case "endOffsets" -> {
                    return endsOf(some(first));
                }
                case "seek" -> seek((TopicPartition) first, arguments[1]);
                case "seekToBeginning" -> some(first).forEach(partition -> seek(partition, 0L));
                case "position" -> {
                    return positions.get((TopicPartition) first);
                }
                case "pause" -> paused.addAll(some(first));
                case "resume" -> paused.removeAll(some(first));
                case "committed" -> {
                    Map<TopicPartition, @Nullable OffsetAndMetadata> found = new HashMap<>();
                    some(first).forEach(partition -> found.put(partition, committed.get(partition)));
                    return found;
                }
                case "commitSync" -> commit(first);
                case "wakeup" -> woken = true;
                case "close" -> closed = true;
                default -> throw new AssertionError("a call that no loop has made so far: " + name);
            }
            return null;
        }

        private long committedOffset(TopicPartition partition) {
            return MemoryLog.this.committed(partition.topic());
        }

        private void seek(TopicPartition partition, Object to) {
            if (!positions.containsKey(partition)) {
                throw new IllegalStateException("No current assignment for partition " + partition);
            }
            positions.put(partition, to instanceof OffsetAndMetadata offset ? offset.offset() : (long) to);
        }

        @SuppressWarnings("unchecked")
        private void commit(Object offsets) {
            if (offsets instanceof Map<?, ?>) {
                committed.putAll((Map<TopicPartition, OffsetAndMetadata>) offsets);
            } else {
                positions.forEach((partition, position) -> committed.put(partition, new OffsetAndMetadata(position)));
            }
        }

        @SuppressWarnings("unchecked")
        private Collection<TopicPartition> some(Object of) {
            return (Collection<TopicPartition>) of;
        }

        private ConsumerRecords<K, byte[]> poll() {
            if (woken) {
                woken = false;
                throw new WakeupException();
            }
            Map<TopicPartition, List<ConsumerRecord<K, byte[]>>> found = new LinkedHashMap<>();
            positions.replaceAll((partition, position) -> {
                List<ConsumerRecord<K, byte[]>> records = of(partition);
                int from = Math.toIntExact(position);
                int to = paused.contains(partition) ? from : Math.min(records.size(), from + BATCH);
                if (to > from) {
                    found.put(partition, List.copyOf(records.subList(from, to)));
                }
                return (long) to;
            });
            return new ConsumerRecords<>(found, Map.of());
        }
    }
}
