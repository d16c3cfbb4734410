package io.muster.service.state;

import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.LogText;
import io.muster.service.UnusableStateException;
import io.muster.topics.Topic;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes entries of a store that can't be read: somebody wrote into its changelog, and it was restored from that. Where a compacted topic
 * keeps the same documents, the document takes the entry's place; else the entry is gone, and the log names its key and what to do. Where so much
 * can't be read that the registry is to blame, nothing is touched and the service ends with a sentence. For one task.
 */
public final class Healer<V extends SpecificRecord> {
    private static final Logger LOG = LoggerFactory.getLogger(Healer.class);

    /** Limits the entries that may always be removed. */
    private static final int FEW = 100;

    private final KeyValueStore<String, byte[]> store;
    private final RecordCodec<V> codec;
    private final Optional<Topic<V>> topic;
    private final int partition;
    private final Documents documents;

    /**
     * Makes one.
     *
     * @param topic that has the same documents under the same keys in the same partition; empty where none does
     * @param partition of the task
     */
    public Healer(
            KeyValueStore<String, byte[]> store,
            RecordCodec<V> codec,
            Optional<Topic<V>> topic,
            int partition,
            Documents documents) {
        this.store = store;
        this.codec = codec;
        this.topic = topic;
        this.partition = partition;
        this.documents = documents;
    }

    /**
     * Decodes what was read from the store. Where that can't be read and still stands there, every entry of the store that can't be is removed or
     * replaced, and the answer is what stands there then.
     *
     * @param value null for none
     * @return null where there is no such entry, or none any more
     * @throws UnusableStateException when nothing may be removed: see {@link #requireFew}
     */
    public @Nullable V decoded(String key, byte @Nullable [] value) {
        if (value == null) {
            return null;
        }
        try {
            return codec.decode(value);
        } catch (UndecodableRecordException _) {
            // An iterator goes on with what stood there when it was opened.
            if (Arrays.equals(value, store.get(key))) {
                heal();
            }
            byte[] healed = store.get(key);
            return healed == null ? null : codec.decode(healed);
        }
    }

    private void heal() {
        Map<String, UndecodableRecordException> corrupt = new TreeMap<>();
        long all = 0;
        try (KeyValueIterator<String, byte[]> entries = store.all()) {
            while (entries.hasNext()) {
                KeyValue<String, byte[]> entry = entries.next();
                fault(entry.value).ifPresent(fault -> corrupt.put(entry.key, fault));
                all++;
            }
        }
        requireFew(corrupt, all);
        Map<String, byte[]> latest =
                topic.isPresent() ? documents.latest(topic.get(), partition, corrupt.keySet()) : Map.of();
        for (byte[] document : latest.values()) {
            Optional<UndecodableRecordException> fault = fault(document);
            if (fault.isPresent()) {
                throw unusable(corrupt.size(), fault.get());
            }
        }
        corrupt.keySet().forEach(key -> replace(key, latest.get(key)));
    }

    /**
     * Throws where so much can't be read that the registry, rather than a writer, is to blame: it is another, or was emptied. That is more than
     * {@value #FEW} entries and a hundredth of all, or all there are where the registry knows no schema of one of them.
     */
    private void requireFew(Map<String, UndecodableRecordException> corrupt, long all) {
        Optional<UndecodableRecordException> unknown = corrupt.values().stream()
                .filter(fault -> fault.getCause() instanceof SchemaRegistryException)
                .findFirst();
        if (corrupt.size() > Math.max(FEW, all / 100) || (unknown.isPresent() && corrupt.size() == all)) {
            throw unusable(
                    corrupt.size(),
                    unknown.orElseGet(() -> corrupt.values().iterator().next()));
        }
    }

    private UnusableStateException unusable(int corrupt, UndecodableRecordException fault) {
        return new UnusableStateException(corrupt + " entries of the state can't be read (" + fault.getMessage()
                + "), nor may they be removed: restore the schema registry, or else the changelog (docs/operate/backup.md), store="
                + store.name() + " partition=" + partition);
    }

    private void replace(String key, byte @Nullable [] document) {
        if (document != null) {
            store.put(key, document);
            LOG.warn(
                    "An entry of the state can't be read: its document on the topic {} takes its place, store={} partition={} key={}",
                    topic.orElseThrow().name(),
                    store.name(),
                    partition,
                    LogText.of(key));
        } else {
            store.delete(key);
            LOG.error(
                    "An entry of the state can't be read and was removed, and {}. If it was one of yours, restore the changelog"
                            + " of this store from a backup (docs/operate/backup.md), store={} partition={} key={}",
                    topic.map(of -> "the topic " + of.name() + " has no document of that key")
                            .orElse("no topic has what it was"),
                    store.name(),
                    partition,
                    LogText.of(key));
        }
    }

    private Optional<UndecodableRecordException> fault(byte[] value) {
        try {
            codec.decode(value);
            return Optional.empty();
        } catch (UndecodableRecordException e) {
            return Optional.of(e);
        }
    }
}
