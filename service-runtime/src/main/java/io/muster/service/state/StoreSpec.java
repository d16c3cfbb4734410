package io.muster.service.state;

import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.service.Changelogs;
import io.muster.topics.Partitioning;
import io.muster.topics.Topic;
import java.util.Optional;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Declares a store, once, beside the processor that uses it. Topologies, the command that moves state when topics grow, and the table in
 * docs/state.md are made of the declarations. Keys are texts. The planner's global store of all jobs has no declaration: it is a copy of a topic, without a
 * changelog, that each instance reads again when it starts.
 *
 * @param <V> its values
 */
public sealed interface StoreSpec<V> {
    /** Says where a task keeps the store's copy; the changelog has it anyway. */
    enum Medium {
        MEMORY,
        DISK
    }

    /**
     * Holds what reads and writes a store's values.
     *
     * @param application the id of the Kafka Streams application
     * @param documents that take the place of entries that can't be read
     */
    record Context(String application, Codecs codecs, Documents documents) {}

    /** Returns its name, which names its changelog too. */
    String name();

    /** Returns by what its tasks' partitions are: by job or by device. */
    Partitioning partitioning();

    /** Returns where its rows belong when partitions are split. */
    RowPlacement placement();

    /** Returns where a task keeps it. */
    Medium medium();

    /** Returns what a value is, in words. */
    String content();

    /** Returns what Kafka Streams makes the store with. */
    StoreBuilder<KeyValueStore<String, V>> builder(Context context);

    private KeyValueBytesStoreSupplier supplier() {
        return switch (medium()) {
            case MEMORY -> Stores.inMemoryKeyValueStore(name());
            case DISK -> Stores.persistentKeyValueStore(name());
        };
    }

    /** Is a store, in memory, of the documents that a compacted topic has under the same keys in the same partition. */
    record OfTopic<V extends SpecificRecord>(String name, Topic<V> topic) implements StoreSpec<V> {
        @Override
        public Partitioning partitioning() {
            return topic.partitioning();
        }

        @Override
        public RowPlacement placement() {
            return RowPlacement.BY_KEY;
        }

        @Override
        public Medium medium() {
            return Medium.MEMORY;
        }

        @Override
        public String content() {
            return "`" + topic.record().getSimpleName() + "`, as on the topic";
        }

        @Override
        public StoreBuilder<KeyValueStore<String, V>> builder(Context context) {
            return SoundStore.builder(
                    Stores.inMemoryKeyValueStore(name),
                    context.codecs().of(topic),
                    Optional.of(topic),
                    context.documents());
        }
    }

    /** Is a store of records that stand nowhere else, whose schema is registered for its changelog. */
    record OfRecords<V extends SpecificRecord>(
            String name, Partitioning partitioning, RowPlacement placement, Medium medium, Class<V> type)
            implements StoreSpec<V> {
        @Override
        public String content() {
            return "`" + type.getSimpleName() + "`";
        }

        @Override
        public StoreBuilder<KeyValueStore<String, V>> builder(Context context) {
            String subject = Changelogs.name(context.application(), name) + "-value";
            return SoundStore.builder(
                    ((StoreSpec<V>) this).supplier(),
                    new RecordCodec<>(context.codecs().registry(), subject, type),
                    Optional.empty(),
                    context.documents());
        }
    }

    /** Is a store whose processor reads its values itself. */
    record OfBytes(String name, Partitioning partitioning, RowPlacement placement, Medium medium, String content)
            implements StoreSpec<byte[]> {
        @Override
        public StoreBuilder<KeyValueStore<String, byte[]>> builder(Context context) {
            return Stores.keyValueStoreBuilder(
                    ((StoreSpec<byte[]>) this).supplier(), Serdes.String(), Serdes.ByteArray());
        }
    }

    /** Is a store, in memory, whose values are decoded and cached: written to its changelog once a commit and not by each change. */
    record Cached<V>(
            String name,
            Partitioning partitioning,
            RowPlacement placement,
            String content,
            Function<Codecs, Serde<V>> serde)
            implements StoreSpec<V> {
        @Override
        public Medium medium() {
            return Medium.MEMORY;
        }

        @Override
        public StoreBuilder<KeyValueStore<String, V>> builder(Context context) {
            return Stores.keyValueStoreBuilder(
                            Stores.inMemoryKeyValueStore(name), Serdes.String(), serde.apply(context.codecs()))
                    .withCachingEnabled();
        }
    }

    /** Is the store of a task's {@code RecordNumbers}. */
    record OfNumbers(String name, Partitioning partitioning) implements StoreSpec<Long> {
        @Override
        public RowPlacement placement() {
            return RowPlacement.NUMBERS;
        }

        @Override
        public Medium medium() {
            return Medium.MEMORY;
        }

        @Override
        public String content() {
            return "a number";
        }

        @Override
        public StoreBuilder<KeyValueStore<String, Long>> builder(Context context) {
            return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.String(), Serdes.Long());
        }
    }
}
