package io.muster.planner;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.registry.SchemaRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.Settings;
import io.muster.service.StreamsApplication;
import io.muster.service.Traces;
import io.muster.service.state.Documents;
import io.muster.service.topology.ApplicationSpec;
import io.muster.topics.Namespace;
import io.muster.topics.PartitionCounts;
import io.muster.topics.TopicProvisioner;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;

/** Runs the planner as one Kafka Streams application. */
public final class PlannerService {
    /** Names the consumer group, the transactions and the topics of state. */
    public static final String APPLICATION_ID = Namespace.name("muster-job-planner");

    /** Names the service in dead letters. */
    static final String NAME = "job-planner-service";

    private static final int STATE_MEMORY_MIB = 288;

    /** Holds what it needs beside the registry. */
    public record Options(StreamsApplication.Options streams, JobLimits limits) {
        /** Reads {@code state.memory.mib}, the settings of {@link JobLimits}, and what every application reads. */
        public static Options from(Settings settings, KafkaConnection kafka) {
            // Twins are many: their stores are bounded together, and not cached twice.
            Map<String, Object> more = Map.of(
                    StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG,
                    0,
                    StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG,
                    RocksDbMemory.class,
                    RocksDbMemory.MIB,
                    settings.number("state.memory.mib", STATE_MEMORY_MIB));
            return new Options(
                    StreamsApplication.Options.from(settings, APPLICATION_ID, kafka, more), JobLimits.from(settings));
        }
    }

    private PlannerService() {}

    /** Returns what the application keeps and reads. */
    public static ApplicationSpec declared() {
        return PlannerTopology.declared();
    }

    /**
     * Starts; returns before it is ready.
     *
     * @throws ExecutionException when the broker can't be reached or lacks a topic
     * @throws io.muster.registry.SchemaRegistryException when the registry is away or refuses a schema
     */
    public static StreamsApplication start(
            Options options, SchemaRegistry registry, MeterRegistry meters, Traces traces)
            throws ExecutionException, InterruptedException {
        PartitionCounts counts = partitionCounts(options.streams().kafka());
        return StreamsApplication.start(
                PlannerTopology.build(
                        new Topology(),
                        registry,
                        counts,
                        options.limits(),
                        Documents.of(options.streams().kafka()),
                        meters,
                        traces),
                options.streams(),
                meters);
    }

    /** Counts partitions as the topics are, so that records that name a partition name one that exists. */
    private static PartitionCounts partitionCounts(KafkaConnection kafka)
            throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(kafka.clientProperties())) {
            return TopicProvisioner.counts(admin);
        }
    }
}
