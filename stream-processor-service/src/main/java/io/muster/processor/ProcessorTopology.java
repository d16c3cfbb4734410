package io.muster.processor;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.processor.statistics.topology.JobTallies;
import io.muster.processor.statistics.topology.PartitionTallies;
import io.muster.processor.streamjob.topology.StreamJobAggregate;
import io.muster.registry.SchemaRegistry;
import io.muster.service.Outbox;
import io.muster.service.Traces;
import io.muster.service.state.Documents;
import io.muster.service.state.StoreSpec;
import io.muster.service.topology.ApplicationSpec;
import io.muster.service.topology.ServiceTopology;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.Topology;

/** Lists what the processor reads, folds and writes. */
public final class ProcessorTopology {
    private static final String BY_PARTITION = "tally-by-partition";
    private static final String BY_JOB = "tally-by-job";

    private ProcessorTopology() {}

    /**
     * Builds the topology.
     *
     * @param documents that take the place of entries of the state that can't be read
     * @throws io.muster.registry.SchemaRegistryException when the registry is away or refuses a schema
     */
    static Topology build(
            SchemaRegistry registry, PartitionCounts counts, Documents documents, MeterRegistry meters, Traces traces) {
        return build(new Topology(), registry, counts, documents, meters, traces);
    }

    /** Builds it into an empty topology. */
    public static Topology build(
            Topology topology,
            SchemaRegistry registry,
            PartitionCounts counts,
            Documents documents,
            MeterRegistry meters,
            Traces traces) {
        Codecs codecs = new Codecs(registry);
        ServiceTopology processor = new ServiceTopology(
                topology,
                ProcessorService.NAME,
                codecs,
                counts,
                new StoreSpec.Context(ProcessorService.APPLICATION_ID, codecs, documents));
        statistics(processor, codecs, counts, meters, traces);
        processor.coordinator(StreamJobAggregate.COORDINATOR);
        return topology;
    }

    /** Returns what it keeps and reads. */
    public static ApplicationSpec declared() {
        List<StoreSpec<?>> stores = new ArrayList<>(List.of(PartitionTallies.STORE, JobTallies.STORE));
        stores.addAll(StreamJobAggregate.COORDINATOR.stores());
        List<Topic<?>> reads = new ArrayList<>(List.of(Topics.DEVICE_JOB_EVENTS, Topics.JOB_TALLIES));
        reads.addAll(StreamJobAggregate.reads());
        return new ApplicationSpec(ProcessorService.APPLICATION_ID, stores, reads);
    }

    private static void statistics(
            ServiceTopology processor, Codecs codecs, PartitionCounts counts, MeterRegistry meters, Traces traces) {
        processor
                .processor(
                        BY_PARTITION,
                        () -> new PartitionTallies(
                                codecs, Outbox.sink(Topics.DEAD_LETTERS, BY_PARTITION), counts, meters, traces),
                        List.of(PartitionTallies.STORE),
                        List.of(Topics.DEVICE_JOB_EVENTS))
                .write(Topics.JOB_TALLIES, BY_PARTITION)
                .writeShared(Topics.DEAD_LETTERS, BY_PARTITION)
                .processor(
                        BY_JOB,
                        () -> new JobTallies(codecs, Outbox.sink(Topics.DEAD_LETTERS, BY_JOB), counts),
                        List.of(JobTallies.STORE),
                        List.of(Topics.JOB_TALLIES))
                .write(Topics.JOB_STATISTICS, BY_JOB)
                .writeShared(Topics.DEAD_LETTERS, BY_JOB);
    }
}
