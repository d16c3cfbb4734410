package io.muster.processor.schedule;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Holds the calls that are under way by the records that order them, and says which offsets lie behind calls that are all done. For one thread. */
final class CallsUnderWay {
    private record Call(Future<?> work, int bytes, AtomicBoolean dropped) {}

    /** Holds the calls of a partition by their offsets. */
    private static final class Calls {
        private final NavigableMap<Long, Call> under = new TreeMap<>();
        /** Is behind the last record that was taken. */
        private long next;
        /** Is the offset that was committed last; -1 for none. */
        private long committed = -1;

        private long done() {
            return under.isEmpty() ? next : under.firstKey();
        }
    }

    private final Map<TopicPartition, Calls> partitions = new HashMap<>();

    /** Returns whether a record was taken before: it is read again behind trouble. */
    boolean has(ConsumerRecord<?, ?> record) {
        @Nullable Calls calls = partitions.get(partition(record));
        return calls != null && record.offset() < calls.next;
    }

    /** Adds the call that a record orders. @param dropped becomes true where it is another's to make: it must not begin then */
    void add(ConsumerRecord<?, ?> record, Future<?> work, AtomicBoolean dropped) {
        taken(record).under.put(record.offset(), new Call(work, Math.max(0, record.serializedValueSize()), dropped));
    }

    /** Notes that a record orders nothing. */
    void pass(ConsumerRecord<?, ?> record) {
        taken(record);
    }

    private Calls taken(ConsumerRecord<?, ?> record) {
        Calls calls = partitions.computeIfAbsent(partition(record), _ -> new Calls());
        calls.next = record.offset() + 1;
        return calls;
    }

    private static TopicPartition partition(ConsumerRecord<?, ?> record) {
        return new TopicPartition(record.topic(), record.partition());
    }

    int count() {
        return partitions.values().stream()
                .mapToInt(calls -> calls.under.size())
                .sum();
    }

    long bytes() {
        return partitions.values().stream()
                .flatMap(calls -> calls.under.values().stream())
                .mapToLong(Call::bytes)
                .sum();
    }

    /** Drops the calls that are done, and returns the offsets to commit. A call that failed is not done. */
    Map<TopicPartition, OffsetAndMetadata> done() {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        partitions.forEach((partition, calls) -> {
            calls.under.values().removeIf(call -> call.work().state() == Future.State.SUCCESS);
            if (calls.done() > calls.committed) {
                offsets.put(partition, new OffsetAndMetadata(calls.done()));
            }
        });
        return offsets;
    }

    /**
     * Forgets the partitions of calls that failed in a way of their own: they are read again.
     *
     * @throws IllegalStateException where there are some
     */
    void requireNoFailure() {
        for (Map.Entry<TopicPartition, Calls> of : List.copyOf(partitions.entrySet())) {
            for (Call call : of.getValue().under.values()) {
                if (call.work().state() == Future.State.FAILED) {
                    forget(List.of(of.getKey()));
                    if (call.work().exceptionNow() instanceof Error error) {
                        throw error;
                    }
                    throw new IllegalStateException(
                            "a call failed: " + call.work().exceptionNow(),
                            call.work().exceptionNow());
                }
            }
        }
    }

    /** Notes that offsets were committed. */
    void committed(Map<TopicPartition, OffsetAndMetadata> offsets) {
        offsets.forEach((partition, offset) -> {
            @Nullable Calls calls = partitions.get(partition);
            if (calls != null) {
                calls.committed = offset.offset();
            }
        });
    }

    /** Lists the calls of partitions that are under way. */
    List<Future<?>> of(Collection<TopicPartition> some) {
        List<Future<?>> work = new ArrayList<>();
        for (TopicPartition partition : some) {
            @Nullable Calls calls = partitions.get(partition);
            if (calls != null) {
                calls.under.values().forEach(call -> work.add(call.work()));
            }
        }
        return work;
    }

    /** Forgets partitions that are another's now, or are read again: calls that have begun there go on, and may be made twice; no other begins. */
    void forget(Collection<TopicPartition> some) {
        for (TopicPartition partition : some) {
            @Nullable Calls calls = partitions.remove(partition);
            if (calls != null) {
                calls.under.values().forEach(call -> call.dropped().set(true));
            }
        }
    }
}
