package io.muster.processor;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.processor.streamjob.topology.StreamJobReach;
import io.muster.service.KafkaConnection;
import io.muster.service.OperationsServer;
import io.muster.service.Registries;
import io.muster.service.ServiceProgram;
import io.muster.service.Settings;
import io.muster.service.StreamsApplication;
import io.muster.service.Traces;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;

/** Runs the stream processor as a process. */
public final class Main {
    private static final String NAME = "stream-processor-service";

    private Main() {}

    public static void main(String[] args) throws Exception {
        ServiceProgram.run(NAME, args, Main::start);
    }

    private static AutoCloseable start(Settings settings, PrometheusMeterRegistry meters) throws Exception {
        StreamsApplication.Options options = StreamsApplication.Options.from(
                settings, ProcessorService.APPLICATION_ID, KafkaConnection.from(settings), ProcessorService.SETTINGS);
        RegistrySettings registry = Registries.from(settings);
        StreamJobReach reach = StreamJobReach.from(settings);
        OperationsServer.Address address = OperationsServer.Address.from(settings);
        Traces traces = Traces.from(settings, NAME);
        settings.rejectUnknown();
        ProcessorService processor =
                ProcessorService.start(options, reach, new ConfluentSchemaRegistry(registry), meters, traces);
        OperationsServer operations = OperationsServer.start(address, meters, processor::ready);
        return () -> {
            operations.close();
            processor.close();
            traces.close();
        };
    }
}
