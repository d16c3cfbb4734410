package io.muster.planner;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.registry.ConfluentSchemaRegistry;
import io.muster.registry.RegistrySettings;
import io.muster.service.KafkaConnection;
import io.muster.service.OperationsServer;
import io.muster.service.Registries;
import io.muster.service.ServiceProgram;
import io.muster.service.Settings;
import java.util.concurrent.ExecutionException;

/** The planner's process. */
public final class Main {
    private static final int DEFAULT_THREADS = 2;
    private static final int BROKER_DEFAULT = -1;

    private Main() {}

    public static void main(String[] args) throws Exception {
        ServiceProgram.run("job-planner-service", args, Main::start);
    }

    private static AutoCloseable start(Settings settings, PrometheusMeterRegistry meters)
            throws ExecutionException, InterruptedException {
        PlannerService.Options options = new PlannerService.Options(
                KafkaConnection.from(settings),
                settings.path("state.dir"),
                settings.number("threads", DEFAULT_THREADS),
                settings.number("state.replication", BROKER_DEFAULT));
        RegistrySettings registry = Registries.from(settings);
        String host = settings.text("operations.host", "127.0.0.1");
        int port = settings.number("operations.port", 0);
        settings.rejectUnknown();
        PlannerService planner = PlannerService.start(options, new ConfluentSchemaRegistry(registry), meters);
        OperationsServer operations = OperationsServer.start(host, port, meters, planner::ready);
        return () -> {
            operations.close();
            planner.close();
        };
    }
}
