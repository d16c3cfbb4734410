package io.muster.planner;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.planner.batch.topology.BatchJobAggregate;
import io.muster.planner.batchpool.topology.BatchPoolAggregate;
import io.muster.planner.catalog.topology.CatalogAggregate;
import io.muster.planner.catalog.topology.CatalogReader;
import io.muster.planner.fleet.topology.FleetProcessor;
import io.muster.planner.job.topology.ActiveJobs;
import io.muster.planner.job.topology.JobAggregate;
import io.muster.planner.lane.topology.LaneAggregate;
import io.muster.planner.pool.topology.PoolMeters;
import io.muster.planner.pool.topology.PoolProcessor;
import io.muster.planner.schedule.topology.CollectionAggregate;
import io.muster.planner.schedule.topology.ScheduleAggregate;
import io.muster.planner.site.topology.SiteAggregate;
import io.muster.registry.SchemaRegistry;
import io.muster.service.Traces;
import io.muster.service.state.Documents;
import io.muster.service.state.StoreSpec;
import io.muster.service.topology.ApplicationSpec;
import io.muster.service.topology.ServiceTopology;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/** Lists what the planner reads, decides and writes. */
final class PlannerTopology {
    private static final String FLEET = "fleet";
    private static final List<Topic<?>> FLEET_READS =
            List.of(Topics.DEVICE_COMMANDS, Topics.DEVICE_REPORTS, Topics.EXPANSIONS);

    private PlannerTopology() {}

    /** Returns what it keeps and reads. */
    static ApplicationSpec declared() {
        return new ApplicationSpec(
                PlannerService.APPLICATION_ID,
                Stream.of(
                                JobAggregate.stores(),
                                FleetProcessor.stores(),
                                ScheduleAggregate.stores(),
                                CollectionAggregate.COORDINATOR.stores(),
                                CatalogAggregate.COORDINATOR.stores(),
                                LaneAggregate.stores(),
                                PoolProcessor.stores(),
                                SiteAggregate.stores(),
                                BatchJobAggregate.stores(),
                                BatchPoolAggregate.stores())
                        .flatMap(List::stream)
                        .toList(),
                Stream.of(
                                JobAggregate.reads(),
                                FLEET_READS,
                                ScheduleAggregate.reads(),
                                CollectionAggregate.reads(),
                                CatalogAggregate.reads(),
                                LaneAggregate.reads(),
                                PoolProcessor.READS,
                                SiteAggregate.reads(),
                                BatchJobAggregate.reads(),
                                BatchPoolAggregate.reads())
                        .flatMap(List::stream)
                        .toList());
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
        Codecs codecs = new Codecs(registry);
        ServiceTopology planner = new ServiceTopology(
                empty,
                PlannerService.NAME,
                codecs,
                counts,
                new StoreSpec.Context(PlannerService.APPLICATION_ID, codecs, documents));
        planner.coordinator(JobAggregate.coordinator(codecs, counts, limits.mostActive(), meters))
                .writeShared(Topics.SCHEDULE_COMMANDS, JobAggregate.NAME)
                .writeShared(Topics.JOB_COMMANDS, JobAggregate.NAME);
        planner.coordinator(SiteAggregate.coordinator(meters))
                .writeShared(Topics.SCHEDULE_COMMANDS, SiteAggregate.NAME);
        planner.coordinator(BatchJobAggregate.coordinator(meters))
                .writeShared(Topics.POOL_COMMANDS, BatchJobAggregate.NAME)
                .writeShared(Topics.TASK_EVENTS, BatchJobAggregate.NAME)
                .writeShared(Topics.SCHEDULE_COMMANDS, BatchJobAggregate.NAME);
        copied(empty, Topics.CATALOG, CatalogReader.STORE);
        if (limits.mostActive() > 0) {
            copied(empty, Topics.JOBS, ActiveJobs.STORE);
        }
        planner.processor(
                        FLEET,
                        () -> new FleetProcessor(codecs, counts, limits.operationsPerSecond(), documents, traces),
                        FleetProcessor.stores(),
                        FLEET_READS)
                .write(Topics.DEVICE_REPORTS, FLEET)
                .write(Topics.DEVICES, FLEET)
                .write(Topics.DEVICE_CONNECTIONS, FLEET)
                .write(Topics.DEVICE_JOB_EVENTS, FLEET)
                .writeShared(Topics.DELIVERIES, FLEET)
                .writeShared(Topics.POOL_REPORTS, FLEET)
                .writeShared(Topics.REPLIES, FLEET)
                .writeShared(Topics.DEAD_LETTERS, FLEET);
        planner.coordinator(CollectionAggregate.COORDINATOR);
        planner.coordinator(CatalogAggregate.COORDINATOR);
        planner.coordinator(LaneAggregate.coordinator(limits.mostOfLane()))
                .writeShared(Topics.JOB_COMMANDS, LaneAggregate.NAME);
        planner.coordinator(BatchPoolAggregate.coordinator())
                .writeShared(Topics.POOL_COMMANDS, BatchPoolAggregate.NAME)
                .writeShared(Topics.TASK_EVENTS, BatchPoolAggregate.NAME);
        planner.coordinator(ScheduleAggregate.coordinator(meters))
                .writeShared(Topics.JOB_COMMANDS, ScheduleAggregate.NAME)
                .writeShared(Topics.SITE_COMMANDS, ScheduleAggregate.NAME)
                .writeShared(Topics.BATCH_JOB_COMMANDS, ScheduleAggregate.NAME);
        PoolMeters ofPools = new PoolMeters(meters);
        planner.processor(
                        PoolProcessor.NAME,
                        () -> new PoolProcessor(codecs, counts, ofPools),
                        PoolProcessor.stores(),
                        PoolProcessor.READS)
                .write(Topics.POOL_EVENTS, PoolProcessor.NAME)
                .write(Topics.SITE_TASKS, PoolProcessor.NAME)
                .write(Topics.BATCH_POOL_NODES, PoolProcessor.NAME)
                .writeShared(Topics.DEVICE_COMMANDS, PoolProcessor.NAME)
                .write(Topics.BATCH_JOB_TASKS, PoolProcessor.NAME)
                .writeShared(Topics.TASK_EVENTS, PoolProcessor.NAME)
                .writeShared(Topics.DELIVERIES, PoolProcessor.NAME)
                .writeShared(Topics.POOL_REPORTS, PoolProcessor.NAME)
                .writeShared(Topics.DEAD_LETTERS, PoolProcessor.NAME);
        return empty;
    }

    /** Copies a compacted topic of all partitions to each instance. @param processor that writes the store of that name */
    private static void copied(Topology topology, Topic<?> topic, String store) {
        topology.addGlobalStore(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(store), Serdes.String(), Serdes.ByteArray())
                        .withLoggingDisabled(),
                "copy-of-" + topic.name(),
                new StringDeserializer(),
                new ByteArrayDeserializer(),
                topic.name(),
                store,
                () -> new TopicCopy(store));
    }
}
