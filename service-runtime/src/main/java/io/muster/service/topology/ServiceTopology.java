package io.muster.service.topology;

import io.muster.codec.Codecs;
import io.muster.service.Outbox;
import io.muster.service.Route;
import io.muster.service.coordinator.Aggregate;
import io.muster.service.coordinator.Coordinator;
import io.muster.service.coordinator.CoordinatorSpec;
import io.muster.service.coordinator.Feed;
import io.muster.service.state.StoreSpec;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * Writes a service's topology, so that it reads like a table of contents. Values stay bytes until a processor decodes them, so that it can
 * dead-letter a record that can't be read. A processor brings its stores as declarations; there is no other way to add one.
 */
public final class ServiceTopology {
    private final Topology topology;
    private final String service;
    private final Codecs codecs;
    private final PartitionCounts counts;
    private final StoreSpec.Context stores;

    /**
     * Makes one without processors.
     *
     * @param empty into which it is written
     * @param service that names itself in dead letters
     */
    public ServiceTopology(
            Topology empty, String service, Codecs codecs, PartitionCounts counts, StoreSpec.Context stores) {
        this.topology = empty;
        this.service = service;
        this.codecs = codecs;
        this.counts = counts;
        this.stores = stores;
    }

    /** Adds a coordinator: the topics that it reads, its processor with its stores, and the sinks of all that it writes. */
    public <S extends SpecificRecord, I, E extends SpecificRecord, A extends Aggregate<S, I, E>>
            ServiceTopology coordinator(CoordinatorSpec<S, I, E, A> spec) {
        processor(
                spec.name(),
                () -> new Coordinator<>(spec, service, codecs, counts),
                spec.stores(),
                Feed.topics(spec.feeds()));
        write(spec.events(), spec.name());
        write(spec.documents().topic(), spec.name());
        spec.moreTopics().forEach(topic -> write(topic, spec.name()));
        writeShared(Topics.REPLIES, spec.name());
        writeShared(Topics.DEAD_LETTERS, spec.name());
        return this;
    }

    /** Adds a processor with its stores and the topics that it reads. Topics of the same partitioning are read by the same task. */
    public <K, V> ServiceTopology processor(
            String name,
            Supplier<Processor<String, byte[], K, V>> processor,
            List<? extends StoreSpec<?>> declared,
            List<? extends Topic<?>> reads) {
        reads.forEach(topic ->
                topology.addSource(source(topic), new StringDeserializer(), new ByteArrayDeserializer(), topic.name()));
        Set<StoreBuilder<?>> builders = new HashSet<>();
        declared.forEach(spec -> builders.add(spec.builder(stores)));
        topology.addProcessor(
                name,
                new Stateful<>(processor, builders),
                reads.stream().map(ServiceTopology::source).toArray(String[]::new));
        return this;
    }

    private record Stateful<K, V>(Supplier<Processor<String, byte[], K, V>> processor, Set<StoreBuilder<?>> stores)
            implements ProcessorSupplier<String, byte[], K, V> {
        @Override
        public Processor<String, byte[], K, V> get() {
            return processor.get();
        }
    }

    /** Adds the sink {@code Outbox.sink(topic)} of a processor that is the topic's only writer here. */
    public ServiceTopology write(Topic<?> topic, String processor) {
        return write(Outbox.sink(topic), topic, processor);
    }

    /** Adds the sink {@code Outbox.sink(topic, processor)} of one of the topic's writers. */
    public ServiceTopology writeShared(Topic<?> topic, String processor) {
        return write(Outbox.sink(topic, processor), topic, processor);
    }

    private ServiceTopology write(String sink, Topic<?> topic, String processor) {
        topology.addSink(
                sink, topic.name(), Route.serializer(), new ByteArraySerializer(), Route.partitioner(), processor);
        return this;
    }

    /** Returns the name of a topic's source. */
    public static String source(Topic<?> topic) {
        return "from-" + topic.name();
    }
}
