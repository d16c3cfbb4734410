package io.muster.planner;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.planner.fleet.stream.FleetProcessor;
import io.muster.planner.job.stream.ActiveJobs;
import io.muster.planner.job.stream.JobProcessor;
import io.muster.planner.state.FleetJob;
import io.muster.planner.state.PendingMessage;
import io.muster.planner.state.PendingMethod;
import io.muster.records.DeviceJob;
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
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** What the planner reads, decides and writes. */
final class PlannerTopology {
    private static final String COORDINATOR = "coordinator";
    private static final String FLEET = "fleet";

    private final Topology topology;
    private final SchemaRegistry registry;
    private final Codecs codecs;
    private final PartitionCounts counts;
    private final Documents documents;

    private PlannerTopology(Topology topology, SchemaRegistry registry, PartitionCounts counts, Documents documents) {
        this.topology = topology;
        this.documents = documents;
        this.registry = registry;
        this.codecs = new Codecs(registry);
        this.counts = counts;
    }

    /**
     * Builds it.
     *
     * @param empty into which it is built
     * @param documents that take the place of entries of the state that can't be read
     * @throws io.muster.registry.SchemaRegistryException when the registry is away or refuses a schema
     */
    static Topology build(
            Topology empty,
            SchemaRegistry registry,
            PartitionCounts counts,
            JobLimits limits,
            Documents documents,
            MeterRegistry meters,
            Traces traces) {
        PlannerTopology planner = new PlannerTopology(empty, registry, counts, documents);
        planner.coordinator(limits.mostActive(), meters);
        planner.fleet(limits.operationsPerSecond(), traces);
        return planner.topology;
    }

    private void coordinator(int mostActiveJobs, MeterRegistry meters) {
        read(Topics.JOB_COMMANDS);
        read(Topics.JOB_STATISTICS);
        topology.addProcessor(
                COORDINATOR,
                () -> new JobProcessor(codecs, counts, mostActiveJobs, meters),
                source(Topics.JOB_COMMANDS),
                source(Topics.JOB_STATISTICS));
        topology.addStateStore(inMemory(JobProcessor.JOBS, Topics.JOBS), COORDINATOR);
        topology.addStateStore(inMemory(JobProcessor.STATISTICS, Topics.JOB_STATISTICS), COORDINATOR);
        topology.addStateStore(RecordNumbers.store(JobProcessor.NUMBERS), COORDINATOR);
        if (mostActiveJobs > 0) {
            topology.addGlobalStore(
                    inMemory(ActiveJobs.STORE, Serdes.ByteArray()).withLoggingDisabled(),
                    source(Topics.JOBS),
                    new StringDeserializer(),
                    new ByteArrayDeserializer(),
                    Topics.JOBS.name(),
                    ActiveJobs.STORE,
                    ActiveJobs::new);
        }
        write(Outbox.sink(Topics.JOB_EVENTS), Topics.JOB_EVENTS, COORDINATOR);
        write(Outbox.sink(Topics.JOB_REFUSALS), Topics.JOB_REFUSALS, COORDINATOR);
        write(Outbox.sink(Topics.JOBS), Topics.JOBS, COORDINATOR);
        write(Outbox.sink(Topics.EXPANSIONS), Topics.EXPANSIONS, COORDINATOR);
        write(Outbox.sink(Topics.REPLIES, "job"), Topics.REPLIES, COORDINATOR);
        write(Outbox.sink(Topics.DEAD_LETTERS, "job"), Topics.DEAD_LETTERS, COORDINATOR);
    }

    private void fleet(int operationsPerSecond, Traces traces) {
        read(Topics.DEVICE_COMMANDS);
        read(Topics.DEVICE_REPORTS);
        read(Topics.EXPANSIONS);
        topology.addProcessor(
                FLEET,
                () -> new FleetProcessor(codecs, counts, operationsPerSecond, documents, traces),
                source(Topics.DEVICE_COMMANDS),
                source(Topics.DEVICE_REPORTS),
                source(Topics.EXPANSIONS));
        topology.addStateStore(onDisk(FleetProcessor.DEVICES, Serdes.ByteArray()), FLEET);
        topology.addStateStore(inMemory(FleetProcessor.CONNECTIONS, Topics.DEVICE_CONNECTIONS), FLEET);
        topology.addStateStore(
                SoundStore.builder(
                        Stores.inMemoryKeyValueStore(FleetProcessor.JOBS),
                        own("fleet-jobs", FleetJob.class),
                        Optional.empty(),
                        documents),
                FLEET);
        topology.addStateStore(inMemory(FleetProcessor.JUDGED, Serdes.ByteArray()), FLEET);
        topology.addStateStore(inMemory(FleetProcessor.WAITING, Serdes.ByteArray()), FLEET);
        topology.addStateStore(onDisk(FleetProcessor.TAGS, Serdes.ByteArray()), FLEET);
        topology.addStateStore(soundOnDisk(FleetProcessor.DEVICE_JOBS, own("device-jobs", DeviceJob.class)), FLEET);
        topology.addStateStore(soundOnDisk(FleetProcessor.MESSAGES, own("messages", PendingMessage.class)), FLEET);
        topology.addStateStore(soundOnDisk(FleetProcessor.METHODS, own("methods", PendingMethod.class)), FLEET);
        topology.addStateStore(RecordNumbers.store(FleetProcessor.NUMBERS), FLEET);
        write(Outbox.sink(Topics.DEVICE_REPORTS), Topics.DEVICE_REPORTS, FLEET);
        write(Outbox.sink(Topics.DEVICES), Topics.DEVICES, FLEET);
        write(Outbox.sink(Topics.DEVICE_CONNECTIONS), Topics.DEVICE_CONNECTIONS, FLEET);
        write(Outbox.sink(Topics.DEVICE_JOB_EVENTS), Topics.DEVICE_JOB_EVENTS, FLEET);
        write(Outbox.sink(Topics.DELIVERIES), Topics.DELIVERIES, FLEET);
        write(Outbox.sink(Topics.REPLIES, "fleet"), Topics.REPLIES, FLEET);
        write(Outbox.sink(Topics.DEAD_LETTERS, "fleet"), Topics.DEAD_LETTERS, FLEET);
    }

    /** Values stay bytes until the processor reads them, so that it can put aside what is none of its records. */
    private void read(Topic<?> topic) {
        topology.addSource(source(topic), new StringDeserializer(), new ByteArrayDeserializer(), topic.name());
    }

    private void write(String sink, Topic<?> topic, String writer) {
        topology.addSink(
                sink, topic.name(), Route.serializer(), new ByteArraySerializer(), Route.partitioner(), writer);
    }

    private static String source(Topic<?> topic) {
        return "from-" + topic.name();
    }

    private <V extends SpecificRecord> RecordCodec<V> own(String store, Class<V> type) {
        return new RecordCodec<>(registry, PlannerService.APPLICATION_ID + "-" + store + "-changelog-value", type);
    }

    private static <V> StoreBuilder<KeyValueStore<String, V>> onDisk(String name, Serde<V> values) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), values);
    }

    private <V extends SpecificRecord> StoreBuilder<KeyValueStore<String, V>> soundOnDisk(
            String name, RecordCodec<V> codec) {
        return SoundStore.builder(Stores.persistentKeyValueStore(name), codec, Optional.empty(), documents);
    }

    /** Of documents that stand on the topic too. */
    private <V extends SpecificRecord> StoreBuilder<KeyValueStore<String, V>> inMemory(String name, Topic<V> topic) {
        return SoundStore.builder(Stores.inMemoryKeyValueStore(name), codecs.of(topic), Optional.of(topic), documents);
    }

    private static <V> StoreBuilder<KeyValueStore<String, V>> inMemory(String name, Serde<V> values) {
        return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.String(), values);
    }
}
