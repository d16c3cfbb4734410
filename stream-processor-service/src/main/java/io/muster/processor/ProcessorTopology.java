package io.muster.processor;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.processor.statistics.stream.JobTallies;
import io.muster.processor.statistics.stream.PartitionTallies;
import io.muster.processor.streamjob.stream.StreamJobProcessor;
import io.muster.registry.SchemaRegistry;
import io.muster.service.Outbox;
import io.muster.service.Route;
import io.muster.service.Traces;
import io.muster.service.growth.RecordNumbers;
import io.muster.service.state.Documents;
import io.muster.service.state.SoundStore;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.util.Optional;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/** Describes what the processor reads, folds and writes. */
final class ProcessorTopology {
    private static final String BY_PARTITION = "tally-by-partition";
    private static final String BY_JOB = "tally-by-job";
    private static final String STREAM_JOBS = "stream-job-coordinator";

    private ProcessorTopology() {}

    /**
     * Builds it.
     *
     * @param documents that take the place of entries of the state that can't be read
     * @throws io.muster.registry.SchemaRegistryException when the registry is away or refuses a schema
     */
    static Topology build(
            SchemaRegistry registry, PartitionCounts counts, Documents documents, MeterRegistry meters, Traces traces) {
        Codecs codecs = new Codecs(registry);
        Topology topology = new Topology();
        statistics(topology, codecs, counts, meters, traces);
        streamJobs(topology, codecs, counts, documents);
        return topology;
    }

    private static void statistics(
            Topology topology, Codecs codecs, PartitionCounts counts, MeterRegistry meters, Traces traces) {
        topology.addSource(
                "events", new StringDeserializer(), new ByteArrayDeserializer(), Topics.DEVICE_JOB_EVENTS.name());
        topology.addProcessor(
                BY_PARTITION,
                () -> new PartitionTallies(
                        codecs.of(Topics.DEVICE_JOB_EVENTS),
                        sink(Topics.JOB_TALLIES),
                        sink(Topics.DEAD_LETTERS),
                        counts.devices(),
                        meters,
                        traces),
                "events");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(
                                Stores.inMemoryKeyValueStore(PartitionTallies.STORE),
                                Serdes.String(),
                                PartitionTallies.serde(codecs.of(Topics.JOB_TALLIES)))
                        .withCachingEnabled(),
                BY_PARTITION);
        write(topology, Topics.JOB_TALLIES, codecs, BY_PARTITION);
        write(topology, Topics.DEAD_LETTERS, codecs, BY_PARTITION);

        String deadLettersByJob = Outbox.sink(Topics.DEAD_LETTERS, BY_JOB);
        topology.addSource("tallies", new StringDeserializer(), new ByteArrayDeserializer(), Topics.JOB_TALLIES.name());
        topology.addProcessor(
                BY_JOB,
                () -> new JobTallies(
                        codecs.of(Topics.JOB_TALLIES), sink(Topics.JOB_STATISTICS), deadLettersByJob, counts),
                "tallies");
        topology.addStateStore(
                SoundStore.builder(
                        Stores.inMemoryKeyValueStore(JobTallies.STORE),
                        codecs.of(Topics.JOB_TALLIES),
                        Optional.empty(),
                        Documents.NONE),
                BY_JOB);
        write(topology, Topics.JOB_STATISTICS, codecs, BY_JOB);
        topology.addSink(
                deadLettersByJob,
                Topics.DEAD_LETTERS.name(),
                new StringSerializer(),
                codecs.of(Topics.DEAD_LETTERS),
                BY_JOB);
    }

    private static void streamJobs(Topology topology, Codecs codecs, PartitionCounts counts, Documents documents) {
        topology.addSource(
                "stream-job-commands",
                new StringDeserializer(),
                new ByteArrayDeserializer(),
                Topics.STREAM_JOB_COMMANDS.name());
        topology.addProcessor(STREAM_JOBS, () -> new StreamJobProcessor(codecs, counts), "stream-job-commands");
        topology.addStateStore(
                SoundStore.builder(
                        Stores.inMemoryKeyValueStore(StreamJobProcessor.JOBS),
                        codecs.of(Topics.STREAM_JOBS),
                        Optional.of(Topics.STREAM_JOBS),
                        documents),
                STREAM_JOBS);
        topology.addStateStore(RecordNumbers.store(StreamJobProcessor.NUMBERS), STREAM_JOBS);
        route(topology, Outbox.sink(Topics.STREAM_JOB_EVENTS), Topics.STREAM_JOB_EVENTS);
        route(topology, Outbox.sink(Topics.STREAM_JOBS), Topics.STREAM_JOBS);
        route(topology, Outbox.sink(Topics.STREAM_JOB_PROGRESS), Topics.STREAM_JOB_PROGRESS);
        route(topology, Outbox.sink(Topics.REPLIES, StreamJobProcessor.WRITER), Topics.REPLIES);
        route(topology, Outbox.sink(Topics.DEAD_LETTERS, StreamJobProcessor.WRITER), Topics.DEAD_LETTERS);
    }

    private static void route(Topology topology, String sink, Topic<?> topic) {
        topology.addSink(
                sink, topic.name(), Route.serializer(), new ByteArraySerializer(), Route.partitioner(), STREAM_JOBS);
    }

    private static void write(Topology topology, Topic<?> topic, Codecs codecs, String writer) {
        topology.addSink(sink(topic), topic.name(), new StringSerializer(), codecs.of(topic), writer);
    }

    private static String sink(Topic<?> topic) {
        return "to-" + topic.name();
    }
}
