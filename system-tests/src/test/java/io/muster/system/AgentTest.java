package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.agent.Target;
import io.muster.standalone.Ports;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs simulated devices against the real gateway. */
class AgentTest {
    private static RunningMuster muster;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.get();
    }

    private static JsonNode ok(String method, String path, String body) {
        var answer = muster.rest.send(method, path, body).join();
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
        return answer.body();
    }

    private static Target withKey(String deviceId, String key) {
        return Target.byKeys(
                "localhost",
                muster.standalone.options().mqttPort(),
                "localhost",
                muster.standalone.caFile(),
                Map.of(deviceId, key));
    }

    @Test
    void renewsItsTokenAndReportsDesiredProperties() throws Exception {
        String id = "agent-1";
        String key = ok("PUT", "/devices/" + id, "{}")
                .at("/authentication/symmetricKey/primaryKey")
                .asText();
        ok("PATCH", "/twins/" + id, "{\"properties\":{\"desired\":{\"rate\":1,\"old\":true}}}");
        Behaviour talkative = new Behaviour(Duration.ZERO, Duration.ZERO, 0, 0, 0, true, Duration.ofMillis(100), 1);
        try (SimulatedFleet fleet = SimulatedFleet.start(
                withKey(id, key).withTokenLife(Duration.ofSeconds(8)),
                talkative,
                List.of(id),
                100,
                InstantSource.system())) {
            await().untilAsserted(
                            () -> assertThat(reported(id).path("rate").asInt()).isEqualTo(1));
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> fleet.counters().ends().getOrDefault("token renewed", 0L) >= 1);
            await().until(() -> fleet.counters().connected() == 1);
            ok("PATCH", "/twins/" + id, "{\"properties\":{\"desired\":{\"rate\":7,\"old\":null}}}");
            await().untilAsserted(() -> {
                assertThat(reported(id).path("rate").asInt()).isEqualTo(7);
                assertThat(reported(id).has("old")).isFalse();
            });
            assertThat(fleet.counters().telemetry()).isPositive();
            assertThat(fleet.counters().ends()).containsOnlyKeys("token renewed");
        }
    }

    private static JsonNode reported(String deviceId) {
        return ok("GET", "/twins/" + deviceId, null).at("/properties/reported");
    }

    @Test
    void reportsARefusalAndRetriesLaterEachTime() throws Exception {
        try (SimulatedFleet fleet = SimulatedFleet.start(
                withKey("agent-nobody", "a2V5"),
                Behaviour.PERFECT,
                List.of("agent-nobody"),
                100,
                InstantSource.system())) {
            await().until(() -> fleet.counters().ends().getOrDefault("connection refused not authorized", 0L) >= 2);
            assertThat(fleet.counters().connected()).isZero();
        }
    }

    @Test
    void reconnectsUntilTheHubIsThere() throws Exception {
        int nobody = Ports.free();
        Target target = Target.byKeys("localhost", nobody, "localhost", null, Map.of("d", "a2V5"));
        try (SimulatedFleet fleet =
                SimulatedFleet.start(target, Behaviour.PERFECT, List.of("d"), 100, InstantSource.system())) {
            await().until(() -> fleet.counters().ends().getOrDefault("unreachable", 0L) >= 3);
        }
    }
}
