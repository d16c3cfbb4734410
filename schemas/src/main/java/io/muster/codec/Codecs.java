package io.muster.codec;

import io.muster.registry.SchemaRegistry;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.specific.SpecificRecord;

/** Makes one codec a topic. Thread-safe. */
public final class Codecs {
    private final SchemaRegistry registry;
    private final Map<Topic<?>, RecordCodec<?>> codecs = new ConcurrentHashMap<>();

    /** Needs no registry yet; from now on Avro builds our records in this process. */
    public Codecs(SchemaRegistry registry) {
        RecordCodec.trustRecords();
        this.registry = registry;
    }

    /**
     * Returns the codec of a topic; the first call registers the topic's schema.
     *
     * @throws io.muster.registry.SchemaRegistryException when the registry is away or refuses the topic's schema
     */
    @SuppressWarnings("unchecked") // The map is filled here only, each codec under its own topic.
    public <V extends SpecificRecord> RecordCodec<V> of(Topic<V> topic) {
        return (RecordCodec<V>) codecs.computeIfAbsent(
                topic, missing -> new RecordCodec<>(registry, missing.subject(), missing.record()));
    }

    /** Returns the registry of all codecs. */
    public SchemaRegistry registry() {
        return registry;
    }

    /** Makes the schema of every topic known to the registry. */
    public void registerAll() {
        Topics.ALL.stream().filter(topic -> !topic.isJson()).forEach(this::of);
    }
}
