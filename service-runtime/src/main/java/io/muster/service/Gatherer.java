package io.muster.service;

import io.muster.topics.RecordSizes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Gathers elements that become one record, by what they have in common, in order. A full batch is sent at once; the others when the caller has
 * handled its record or its tick. Nothing is held longer: Kafka Streams commits all tasks of a thread when one task asks, without a call to the other
 * tasks, and a held batch could miss the commit of its state. For one task.
 */
public final class Gatherer<K, E> {
    private static final class Batch<E> {
        private final List<E> elements = new ArrayList<>();
        private int bytes;
    }

    private final Map<K, Batch<E>> open = new LinkedHashMap<>();
    private final int most;
    private final BiConsumer<K, List<E>> send;

    /** Bounds the batches, none of which is open yet. @param most how many elements a batch has @param send takes a batch, which is its own from then on */
    public Gatherer(int most, BiConsumer<K, List<E>> send) {
        this.most = most;
        this.send = send;
    }

    /** Adds an element, of about so many bytes. */
    public void add(K key, E element, int bytes) {
        Batch<E> batch = open.computeIfAbsent(key, _ -> new Batch<>());
        batch.elements.add(element);
        batch.bytes += bytes;
        if (batch.bytes >= RecordSizes.BATCH || batch.elements.size() >= most) {
            send.accept(key, take(key));
        }
    }

    /** Returns what has been gathered for the key, for the caller to send. */
    public List<E> take(K key) {
        @Nullable Batch<E> batch = open.remove(key);
        return batch == null ? List.of() : batch.elements;
    }

    /** Sends all that has been gathered. */
    public void sendAll() {
        open.forEach((key, batch) -> send.accept(key, batch.elements));
        open.clear();
    }
}
