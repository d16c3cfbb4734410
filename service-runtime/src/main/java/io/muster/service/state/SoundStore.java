package io.muster.service.state;

import io.muster.codec.RecordCodec;
import io.muster.topics.Topic;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.internals.CacheFlushListener;
import org.apache.kafka.streams.state.internals.CachedStateStore;
import org.jspecify.annotations.Nullable;

/** Is a store of records. A {@link Healer} removes entries that can't be read: readers never meet one. For one task. */
public final class SoundStore<V extends SpecificRecord>
        implements KeyValueStore<String, V>, CachedStateStore<String, V>, BeforeCommit {
    private final KeyValueStore<String, byte[]> bytes;
    private final RecordCodec<V> codec;
    private final Optional<Topic<V>> topic;
    private final Documents documents;
    private Runnable save = () -> {};

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private Healer<V> healer;

    private SoundStore(
            KeyValueStore<String, byte[]> bytes, RecordCodec<V> codec, Optional<Topic<V>> topic, Documents documents) {
        this.bytes = bytes;
        this.codec = codec;
        this.topic = topic;
        this.documents = documents;
    }

    /**
     * Makes the builder of a store that is logged and not cached.
     *
     * @param topic that has the same documents under the same keys in the same partition; empty where none does
     */
    public static <V extends SpecificRecord> StoreBuilder<KeyValueStore<String, V>> builder(
            KeyValueBytesStoreSupplier supplier, RecordCodec<V> codec, Optional<Topic<V>> topic, Documents documents) {
        return new Builder<>(
                Stores.keyValueStoreBuilder(supplier, Serdes.String(), Serdes.ByteArray()), codec, topic, documents);
    }

    private record Builder<V extends SpecificRecord>(
            StoreBuilder<KeyValueStore<String, byte[]>> inner,
            RecordCodec<V> codec,
            Optional<Topic<V>> topic,
            Documents documents)
            implements StoreBuilder<KeyValueStore<String, V>> {
        @Override
        public KeyValueStore<String, V> build() {
            return new SoundStore<>(inner.build(), codec, topic, documents);
        }

        @Override
        public StoreBuilder<KeyValueStore<String, V>> withCachingEnabled() {
            throw new UnsupportedOperationException("a commit would not flush the cache, store=" + name());
        }

        @Override
        public StoreBuilder<KeyValueStore<String, V>> withCachingDisabled() {
            return this;
        }

        @Override
        public StoreBuilder<KeyValueStore<String, V>> withLoggingEnabled(Map<String, String> config) {
            return new Builder<>(inner.withLoggingEnabled(config), codec, topic, documents);
        }

        @Override
        public StoreBuilder<KeyValueStore<String, V>> withLoggingDisabled() {
            return new Builder<>(inner.withLoggingDisabled(), codec, topic, documents);
        }

        @Override
        public Map<String, String> logConfig() {
            return inner.logConfig();
        }

        @Override
        public boolean loggingEnabled() {
            return inner.loggingEnabled();
        }

        @Override
        public String name() {
            return inner.name();
        }
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {
        bytes.init(context, root);
        healer = new Healer<>(bytes, codec, topic, context.taskId().partition(), documents);
    }

    @Override
    public @Nullable V get(String key) {
        return healer.decoded(key, bytes.get(key));
    }

    @Override
    public void put(String key, @Nullable V value) {
        bytes.put(key, value == null ? null : codec.encode(value));
    }

    @Override
    public @Nullable V putIfAbsent(String key, @Nullable V value) {
        @Nullable V known = get(key);
        if (known == null) {
            put(key, value);
        }
        return known;
    }

    @Override
    public void putAll(List<KeyValue<String, V>> entries) {
        entries.forEach(entry -> put(entry.key, entry.value));
    }

    @Override
    public @Nullable V delete(String key) {
        return healer.decoded(key, bytes.delete(key));
    }

    @Override
    public KeyValueIterator<String, V> range(@Nullable String from, @Nullable String to) {
        return new Sound(bytes.range(from, to));
    }

    @Override
    public KeyValueIterator<String, V> reverseRange(@Nullable String from, @Nullable String to) {
        return new Sound(bytes.reverseRange(from, to));
    }

    @Override
    public KeyValueIterator<String, V> all() {
        return new Sound(bytes.all());
    }

    @Override
    public KeyValueIterator<String, V> reverseAll() {
        return new Sound(bytes.reverseAll());
    }

    @Override
    public <S extends Serializer<P>, P> KeyValueIterator<String, V> prefixScan(P prefix, S serializer) {
        return new Sound(bytes.prefixScan(prefix, serializer));
    }

    /** Skips entries that were removed. */
    private final class Sound implements KeyValueIterator<String, V> {
        private final KeyValueIterator<String, byte[]> entries;
        private @Nullable KeyValue<String, V> next;

        private Sound(KeyValueIterator<String, byte[]> entries) {
            this.entries = entries;
        }

        @Override
        public boolean hasNext() {
            while (next == null && entries.hasNext()) {
                KeyValue<String, byte[]> entry = entries.next();
                @Nullable V value = healer.decoded(entry.key, entry.value);
                next = value == null ? null : KeyValue.pair(entry.key, value);
            }
            return next != null;
        }

        @Override
        public KeyValue<String, V> next() {
            if (!hasNext() || next == null) {
                throw new NoSuchElementException();
            }
            KeyValue<String, V> found = next;
            next = null;
            return found;
        }

        @Override
        public String peekNextKey() {
            if (!hasNext() || next == null) {
                throw new NoSuchElementException();
            }
            return next.key;
        }

        @Override
        public void close() {
            entries.close();
        }
    }

    @Override
    public long approximateNumEntries() {
        return bytes.approximateNumEntries();
    }

    @Override
    public String name() {
        return bytes.name();
    }

    @Override
    @SuppressWarnings("deprecation") // Kafka Streams calls it still.
    public void flush() {
        bytes.flush();
    }

    @Override
    public void commit(Map<TopicPartition, Long> offsets) {
        bytes.commit(offsets);
    }

    @Override
    public @Nullable Long committedOffset(TopicPartition changelog) {
        return bytes.committedOffset(changelog);
    }

    @Override
    @SuppressWarnings("deprecation") // Kafka Streams calls it still.
    public boolean managesOffsets() {
        return bytes.managesOffsets();
    }

    @Override
    public Position getPosition() {
        return bytes.getPosition();
    }

    @Override
    public void close() {
        bytes.close();
    }

    @Override
    public boolean persistent() {
        return bytes.persistent();
    }

    @Override
    public boolean isOpen() {
        return bytes.isOpen();
    }

    @Override
    public void beforeCommit(Runnable save) {
        this.save = save;
    }

    /** Flushes; Kafka Streams calls it before each commit of the task. */
    @Override
    public void flushCache() {
        save.run();
    }

    @Override
    public boolean setFlushListener(CacheFlushListener<String, V> listener, boolean sendOldValues) {
        return false;
    }

    @Override
    public void clearCache() {}
}
