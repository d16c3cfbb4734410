package io.muster.gateway.kafka;

import io.muster.service.EndOffsets;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** A partition in memory, read through Kafka's interface, whose calls fail when they are told to. */
final class PartitionDouble {
    static final TopicPartition PARTITION = new TopicPartition("deliveries", 0);
    private static final int BATCH = 3;

    private final List<byte @Nullable []> values = new ArrayList<>();
    private final Map<String, Queue<Throwable>> faults = new HashMap<>();
    private final Map<String, Integer> passing = new HashMap<>();
    private final Map<String, Runnable> actions = new HashMap<>();
    private long position;
    private volatile long committed;

    synchronized void add(byte @Nullable [] value) {
        values.add(value);
    }

    /** The call of that name fails, after so many that don't. */
    synchronized void fail(String call, int after, Throwable fault) {
        passing.put(call, after);
        faults.computeIfAbsent(call, _ -> new ArrayDeque<>()).add(fault);
    }

    /** The action is run at each call of that name, before it fails or not. */
    synchronized void whenReached(String call, Runnable action) {
        actions.put(call, action);
    }

    long committed() {
        return committed;
    }

    /** Throws what is due for a call of that name. */
    void reach(String call) throws Throwable {
        @Nullable Throwable fault = null;
        synchronized (this) {
            actions.getOrDefault(call, () -> {}).run();
            int left = passing.getOrDefault(call, 0);
            if (left > 0) {
                passing.put(call, left - 1);
            } else if (faults.containsKey(call)) {
                fault = faults.get(call).poll();
            }
        }
        if (fault != null) {
            throw fault;
        }
    }

    @SuppressWarnings("unchecked")
    Consumer<String, byte[]> consumer() {
        return (Consumer<String, byte[]>) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Consumer.class}, (_, method, arguments) -> {
                    reach(method.getName());
                    return call(method.getName(), arguments);
                });
    }

    /** Returns the brokers, who say where it ends; their answer fails when the call "endOffsets" is told to. */
    EndOffsets ends() {
        return new EndOffsets() {
            @Override
            public CompletableFuture<Map<TopicPartition, Long>> ask(Collection<TopicPartition> partitions) {
                try {
                    reach("endOffsets");
                } catch (Throwable e) {
                    return CompletableFuture.failedFuture(e);
                }
                synchronized (PartitionDouble.this) {
                    return CompletableFuture.completedFuture(Map.of(PARTITION, (long) values.size()));
                }
            }

            @Override
            public void close() {}
        };
    }

    private synchronized @Nullable Object call(String name, Object[] arguments) {
        switch (name) {
            case "poll" -> {
                return poll();
            }
            case "commitSync" -> committed = position;
            case "seek" -> position = (long) arguments[1];
            case "position" -> {
                return position;
            }
            case "close", "wakeup" -> {}
            default -> throw new AssertionError(name);
        }
        return null;
    }

    private ConsumerRecords<String, byte[]> poll() {
        List<ConsumerRecord<String, byte[]>> batch = new ArrayList<>();
        while (batch.size() < BATCH && position < values.size()) {
            batch.add(new ConsumerRecord<>(
                    PARTITION.topic(), PARTITION.partition(), position, "d", values.get((int) position)));
            position++;
        }
        if (batch.isEmpty()) {
            LockSupport.parkNanos(1_000_000);
            return new ConsumerRecords<>(Map.of(), Map.of());
        }
        return new ConsumerRecords<>(Map.of(PARTITION, batch), Map.of());
    }
}
