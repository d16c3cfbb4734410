package io.muster.processor;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.registry.SchemaRegistry;
import io.muster.service.StreamsApplication;
import java.util.Map;

/** The stream processor as one running Kafka Streams application. */
public final class ProcessorService {
    /** Names the consumer group, the transactions and the topics of state. */
    public static final String APPLICATION_ID = "muster-stream-processor";

    /** What it adds to every application's settings. */
    public static final Map<String, Object> SETTINGS = Map.of();

    private ProcessorService() {}

    /**
     * Starts; returns before it is ready.
     *
     * @throws io.muster.registry.SchemaRegistryException when the registry is away or refuses a schema
     */
    public static StreamsApplication start(
            StreamsApplication.Options options, SchemaRegistry registry, MeterRegistry meters) {
        return StreamsApplication.start(ProcessorTopology.build(registry, meters), options, meters);
    }
}
