package io.muster.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Reads compose.yaml as a container engine does. */
class ComposeTest {
    private JsonObject services;

    @BeforeEach
    void read() throws IOException {
        Object compose = new Yaml(new SafeConstructor(new LoaderOptions()))
                .load(Files.readString(Path.of("compose/compose.yaml")));
        services = new Gson().toJsonTree(compose).getAsJsonObject().getAsJsonObject("services");
    }

    /** Gives a service the minute that it may take to end ({@code ServiceProgram}); an engine waits for 10 s by default. */
    @ParameterizedTest
    @ValueSource(strings = {"planner", "processor", "gateway", "api"})
    void givesContainersTimeToEnd(String service) {
        JsonObject container = services.getAsJsonObject(service);
        assertThat(container.has("stop_grace_period")).isTrue();
        assertThat(container.get("stop_grace_period").getAsString()).isEqualTo("75s");
    }

    /** Leaves memory beside the heap, 65 % of the limit ({@code ServiceImage}). */
    @Test
    void givesTheProcessorMemoryForFunctions() {
        JsonObject processor = services.getAsJsonObject("processor");
        assertThat(processor.get("mem_limit").getAsString()).isEqualTo("1g");
        JsonObject environment = processor.getAsJsonObject("environment");
        assertThat(environment.has("MUSTER_FUNCTIONS_PROCESSES")).isTrue();
        int processes = environment.get("MUSTER_FUNCTIONS_PROCESSES").getAsInt();
        assertThat(1024 * 65 / 100 + 150 * processes).isLessThanOrEqualTo(1024);
    }

    @Test
    void leadsTheTunnelToTheGatewaysProxiedPort() {
        String port = services.getAsJsonObject("gateway")
                .getAsJsonObject("environment")
                .get("MUSTER_MQTT_PROXIED_PORT")
                .getAsString();
        assertThat(services.getAsJsonObject("api")
                        .getAsJsonObject("environment")
                        .get("MUSTER_WEBSOCKET_GATEWAY")
                        .getAsString())
                .isEqualTo("gateway:" + port);
    }
}
