package io.muster.api;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.Meters;
import io.muster.service.OperationsServer;
import io.muster.service.Registries;
import io.muster.service.ServiceProgram;
import io.muster.service.Settings;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import java.time.InstantSource;

/** Runs the API as a process. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        ServiceProgram.run("job-api-service", args, Main::start);
    }

    private static AutoCloseable start(Settings settings, PrometheusMeterRegistry meters) {
        ApiService.Options options =
                ApiService.Options.from(settings, KafkaConnection.from(settings), InstantSource.system());
        RegistrySettings registry = Registries.from(settings);
        OperationsServer.Address address = OperationsServer.Address.from(settings);
        settings.optionalPath("rest.tls.certificate").ifPresent(chain -> Meters.certificate(meters, chain, "rest"));
        settings.rejectUnknown();
        ApiService api = ApiService.start(options, new ConfluentSchemaRegistry(registry), meters);
        OperationsServer operations = OperationsServer.start(address, meters, api::ready);
        return () -> {
            operations.close();
            api.close();
        };
    }
}
