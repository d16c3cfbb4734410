package io.muster.planner;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.OperationsServer;
import io.muster.service.Registries;
import io.muster.service.ServiceProgram;
import io.muster.service.Settings;
import io.muster.service.StreamsApplication;
import io.muster.service.Traces;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import java.util.concurrent.ExecutionException;

/** Starts the planner's process. */
public final class Main {
    private static final String NAME = "job-planner-service";

    private Main() {}

    public static void main(String[] args) throws Exception {
        ServiceProgram.run(NAME, args, Main::start);
    }

    private static AutoCloseable start(Settings settings, PrometheusMeterRegistry meters)
            throws ExecutionException, InterruptedException {
        PlannerService.Options options = PlannerService.Options.from(settings, KafkaConnection.from(settings));
        RegistrySettings registry = Registries.from(settings);
        OperationsServer.Address address = OperationsServer.Address.from(settings);
        Traces traces = Traces.from(settings, NAME);
        settings.rejectUnknown();
        StreamsApplication planner =
                PlannerService.start(options, new ConfluentSchemaRegistry(registry), meters, traces);
        OperationsServer operations = OperationsServer.start(address, meters, planner::ready);
        return () -> {
            operations.close();
            planner.close();
            traces.close();
        };
    }
}
