package io.muster.gateway;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.Meters;
import io.muster.service.OperationsServer;
import io.muster.service.Registries;
import io.muster.service.ServiceProgram;
import io.muster.service.Settings;
import io.muster.service.Traces;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import java.time.InstantSource;

/** Runs the gateway as a process. */
public final class Main {
    private static final String NAME = "device-gateway-service";

    private Main() {}

    public static void main(String[] args) throws Exception {
        ServiceProgram.run(NAME, args, Main::start);
    }

    private static AutoCloseable start(Settings settings, PrometheusMeterRegistry meters) {
        GatewayService.Options options =
                GatewayService.Options.from(settings, KafkaConnection.from(settings), InstantSource.system());
        RegistrySettings registry = Registries.from(settings);
        OperationsServer.Address address = OperationsServer.Address.from(settings);
        Traces traces = Traces.from(settings, NAME);
        settings.optionalPath("mqtt.tls.certificate").ifPresent(chain -> Meters.certificate(meters, chain, "mqtt"));
        settings.rejectUnknown();
        GatewayService gateway = GatewayService.start(
                options, new ConfluentSchemaRegistry(registry), meters, traces, ServiceProgram::fail);
        OperationsServer operations = OperationsServer.start(address, meters, gateway::ready);
        return () -> {
            operations.close();
            gateway.close();
            traces.close();
        };
    }
}
