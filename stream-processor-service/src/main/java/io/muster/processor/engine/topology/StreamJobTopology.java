package io.muster.processor.engine.topology;

import io.muster.topics.Topics;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** Describes to Kafka Streams which topics one start of a stream job reads and writes, and the processors between. */
public final class StreamJobTopology {
    private static final String INGEST = "ingest";
    private static final String QUERY = "query";
    static final String EXCHANGE_IN = "to-exchange";
    /** Names no output: those stand behind "to-output-". */
    static final String PROGRESS = "to-progress";

    static final String INGEST_PROGRESS = "to-progress-of-ingest";

    private static final String EXCHANGE_OUT = "from-exchange";

    private StreamJobTopology() {}

    public static Topology build(StreamJobSpec spec) {
        Topology topology = new Topology();
        List<String> topics = spec.inputs().stream()
                .map(StreamJobSpec.Input::topic)
                .distinct()
                .toList();
        String[] sources = topics.stream().map(topic -> "from-" + topic).toArray(String[]::new);
        for (String topic : topics) {
            topology.addSource("from-" + topic, new ByteArrayDeserializer(), new ByteArrayDeserializer(), topic);
        }
        SaveHook queryHook = new SaveHook(QUERY);
        if (spec.exchange().isEmpty()) {
            topology.addProcessor(QUERY, () -> new QueryProcessor(spec, queryHook), sources);
        } else {
            SaveHook ingestHook = new SaveHook(INGEST);
            topology.addProcessor(INGEST, () -> new IngestProcessor(spec, ingestHook), sources);
            topology.addStateStore(state(IngestProcessor.STATE), INGEST);
            topology.addStateStore(ingestHook.store(), INGEST);
            String exchange = spec.exchange().get();
            topology.addSink(
                    EXCHANGE_IN,
                    exchange,
                    new ByteArraySerializer(),
                    new ByteArraySerializer(),
                    (_, key, _, _) -> Optional.of(Set.of(ByteBuffer.wrap(key).getInt())),
                    INGEST);
            progress(topology, INGEST_PROGRESS, INGEST);
            topology.addSource(EXCHANGE_OUT, new ByteArrayDeserializer(), new ByteArrayDeserializer(), exchange);
            topology.addProcessor(QUERY, () -> new QueryProcessor(spec, queryHook), EXCHANGE_OUT);
        }
        topology.addStateStore(state(QueryProcessor.STATE), QUERY);
        topology.addStateStore(queryHook.store(), QUERY);
        spec.outputs()
                .forEach((name, output) -> topology.addSink(
                        sink(name), output.topic(), new ByteArraySerializer(), new ByteArraySerializer(), QUERY));
        progress(topology, PROGRESS, QUERY);
        return topology;
    }

    /** Adds a sink for each writer: a sink that two shared would make one sub-topology of both. */
    private static void progress(Topology topology, String sink, String writer) {
        topology.addSink(
                sink, Topics.STREAM_JOB_PROGRESS.name(), new ByteArraySerializer(), new ByteArraySerializer(), writer);
    }

    /** Returns the key of a record in the exchange: the partition that it is for, and so the task. */
    static byte[] key(int task) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(task).array();
    }

    static String sink(String output) {
        return "to-output-" + output;
    }

    private static StoreBuilder<KeyValueStore<Bytes, byte[]>> state(String name) {
        return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray());
    }
}
