package io.muster.processor;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.processor.statistics.stream.JobTallies;
import io.muster.processor.statistics.stream.PartitionTallies;
import io.muster.records.PartialTally;
import io.muster.registry.SchemaRegistry;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** What the processor reads, folds and writes. */
final class ProcessorTopology {
    private static final String BY_PARTITION = "tally-by-partition";
    private static final String BY_JOB = "tally-by-job";

    private ProcessorTopology() {}

    /** @throws io.muster.registry.SchemaRegistryException when the registry is away or refuses a schema */
    static Topology build(SchemaRegistry registry, MeterRegistry meters) {
        Codecs codecs = new Codecs(registry);
        Topology topology = new Topology();

        topology.addSource(
                "events", new StringDeserializer(), new ByteArrayDeserializer(), Topics.DEVICE_JOB_EVENTS.name());
        topology.addProcessor(
                BY_PARTITION,
                () -> new PartitionTallies(
                        codecs.of(Topics.DEVICE_JOB_EVENTS),
                        sink(Topics.JOB_TALLIES),
                        sink(Topics.DEAD_LETTERS),
                        meters),
                "events");
        topology.addStateStore(store(PartitionTallies.STORE, codecs).withCachingEnabled(), BY_PARTITION);
        write(topology, Topics.JOB_TALLIES, codecs, BY_PARTITION);
        write(topology, Topics.DEAD_LETTERS, codecs, BY_PARTITION);

        topology.addSource(
                "tallies", new StringDeserializer(), codecs.of(Topics.JOB_TALLIES), Topics.JOB_TALLIES.name());
        topology.addProcessor(BY_JOB, JobTallies::new, "tallies");
        topology.addStateStore(store(JobTallies.STORE, codecs), BY_JOB);
        write(topology, Topics.JOB_STATISTICS, codecs, BY_JOB);
        return topology;
    }

    private static void write(Topology topology, Topic<?> topic, Codecs codecs, String writer) {
        topology.addSink(sink(topic), topic.name(), new StringSerializer(), codecs.of(topic), writer);
    }

    private static String sink(Topic<?> topic) {
        return "to-" + topic.name();
    }

    private static StoreBuilder<KeyValueStore<String, PartialTally>> store(String name, Codecs codecs) {
        return Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore(name), Serdes.String(), codecs.of(Topics.JOB_TALLIES));
    }
}
