package io.muster.service.state;

import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.topics.Topic;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts entries of a store aside that can't be read: somebody wrote into its changelog, and it was restored from that. Where a compacted topic
 * keeps the same documents, the document takes the entry's place; else the entry is gone, and the log names its key and what to do. For one task.
 */
public final class Healer<V extends SpecificRecord> {
    private static final Logger LOG = LoggerFactory.getLogger(Healer.class);

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

    /** Walks all of the store: to be called when an entry could not be read, and then none is left that can't. */
    public void heal() {
        Set<String> corrupt = new TreeSet<>();
        try (KeyValueIterator<String, byte[]> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, byte[]> entry = all.next();
                if (!isSound(entry.value)) {
                    corrupt.add(entry.key);
                }
            }
        }
        Map<String, byte[]> latest =
                topic.isPresent() && !corrupt.isEmpty() ? documents.latest(topic.get(), partition, corrupt) : Map.of();
        for (String key : corrupt) {
            byte[] document = latest.get(key);
            if (document != null && isSound(document)) {
                store.put(key, document);
                LOG.warn(
                        "An entry of the state can't be read: its document on the topic {} takes its place, store={} partition={} key={}",
                        topic.orElseThrow().name(),
                        store.name(),
                        partition,
                        key);
            } else {
                store.delete(key);
                LOG.error(
                        "An entry of the state can't be read and was removed, and {}. If it was one of yours, restore the changelog"
                                + " of this store from a backup (docs/operate/backup.md), store={} partition={} key={}",
                        topic.map(of -> "the topic " + of.name() + " has no document of that key")
                                .orElse("no topic has what it was"),
                        store.name(),
                        partition,
                        key);
            }
        }
    }

    private boolean isSound(byte[] value) {
        try {
            codec.decode(value);
            return true;
        } catch (UndecodableRecordException _) {
            return false;
        }
    }
}
