package io.muster.processor;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.processor.schedule.ScheduleCalls;
import io.muster.processor.streamjob.topology.StreamJobReach;
import io.muster.processor.streamjob.topology.StreamJobRunner;
import io.muster.registry.SchemaRegistry;
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

/**
 * Composes the stream processor: one Kafka Streams application for statistics and the life of stream jobs, one for each that runs, and the calls of
 * schedules.
 */
public final class ProcessorService implements AutoCloseable {
    /** Names the consumer group, the transactions and the topics of state. */
    public static final String APPLICATION_ID = Namespace.name("muster-stream-processor");

    /** Names the service in dead letters. */
    static final String NAME = "stream-processor-service";

    /** Adds to every application's settings. */
    public static final Map<String, Object> SETTINGS = Map.of();

    private final StreamsApplication application;
    private final StreamJobRunner streamJobs;
    private final ScheduleCalls calls;

    private ProcessorService(StreamsApplication application, StreamJobRunner streamJobs, ScheduleCalls calls) {
        this.application = application;
        this.streamJobs = streamJobs;
        this.calls = calls;
    }

    /**
     * Starts a processor; returns before it is ready.
     *
     * @param reach of stream jobs, and of calls of schedules
     * @throws ExecutionException when the broker can't be reached or lacks a topic
     * @throws io.muster.registry.SchemaRegistryException when the registry is away or refuses a schema
     */
    public static ProcessorService start(
            StreamsApplication.Options options,
            StreamJobReach reach,
            SchemaRegistry registry,
            MeterRegistry meters,
            Traces traces)
            throws ExecutionException, InterruptedException {
        PartitionCounts counts;
        try (Admin admin = Admin.create(options.kafka().clientProperties())) {
            counts = TopicProvisioner.counts(admin);
        }
        StreamsApplication application = StreamsApplication.start(
                ProcessorTopology.build(registry, counts, Documents.of(options.kafka()), meters, traces),
                options,
                meters);
        StreamsApplication.Options ofStreamJobs = new StreamsApplication.Options(
                options.id(), options.kafka(), options.stateDir(), 1, options.replication(), options.more());
        Codecs codecs = new Codecs(registry);
        return new ProcessorService(
                application,
                new StreamJobRunner(ofStreamJobs, reach, codecs, meters).start(),
                ScheduleCalls.start(
                        options.kafka(), new ScheduleCalls.Reach(reach.endpoints(), reach.topics()), codecs, meters));
    }

    /** Returns what the application keeps and reads. */
    public static ApplicationSpec declared() {
        return ProcessorTopology.declared();
    }

    /** Returns whether every partition that this instance owns is being processed, stream jobs are followed, and calls of schedules carried out. */
    public boolean ready() {
        return application.ready() && streamJobs.ready() && calls.ready();
    }

    @Override
    public void close() {
        calls.close();
        streamJobs.close();
        application.close();
    }
}
