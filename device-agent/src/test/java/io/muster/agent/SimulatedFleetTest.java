package io.muster.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs a fleet over real sockets. */
class SimulatedFleetTest {
    private final HubDouble hub = new HubDouble();
    private final List<AutoCloseable> open = new ArrayList<>(List.of(hub));

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private SimulatedFleet fleet(Behaviour behaviour, int devices, Invocations invocations) throws IOException {
        SimulatedFleet fleet = begun(behaviour, devices, invocations);
        await().until(() -> fleet.counters().connected() == devices);
        return fleet;
    }

    private SimulatedFleet begun(Behaviour behaviour, int devices, Invocations invocations) throws IOException {
        SimulatedFleet fleet = SimulatedFleet.start(
                Target.byPolicy("127.0.0.1", hub.port(), "hub.test", null, "device", "a2V5"),
                behaviour,
                SimulatedFleet.deviceIds("sim-", devices),
                1000,
                InstantSource.system(),
                invocations);
        open.add(fleet);
        return fleet;
    }

    private SimulatedFleet fleet(Behaviour behaviour, int devices) throws IOException {
        return fleet(behaviour, devices, (_, _, _) -> {});
    }

    private static Behaviour behaviour(double failures, double silent, double disconnects) {
        return new Behaviour(Duration.ZERO, Duration.ZERO, failures, silent, disconnects, false, Duration.ZERO, 1);
    }

    private void call(int from, int until) {
        for (int i = from; i < until; i++) {
            hub.publish("sim-000001", "$iothub/methods/POST/reboot/?$rid=" + i, "{\"n\":" + i + "}");
        }
    }

    private List<String> answers() {
        return hub.published.stream()
                .filter(entry -> entry.contains("/methods/res/"))
                .toList();
    }

    @Test
    void connectsEachDeviceUnderItsId() throws IOException {
        fleet(Behaviour.PERFECT, 3);
        assertThat(hub.connected()).containsExactlyInAnyOrder("sim-000001", "sim-000002", "sim-000003");
    }

    @Test
    void answersMethodsWithTheirPayload() throws IOException {
        List<String> seen = new CopyOnWriteArrayList<>();
        SimulatedFleet fleet = fleet(Behaviour.PERFECT, 1, (device, method, id) -> seen.add(device + method + id));
        call(1, 2);
        await().until(() -> answers().equals(List.of("$iothub/methods/res/200/?$rid=1 {\"n\":1}")));
        assertThat(seen).containsExactly("sim-000001reboot1");
        assertThat(fleet.counters().methods()).isEqualTo(1);
    }

    @Test
    void countsACallThatComesTwiceAsRepeated() throws IOException {
        SimulatedFleet fleet = fleet(Behaviour.PERFECT, 1);
        call(1, 2);
        call(1, 2);
        await().until(() -> answers().size() == 2);
        assertThat(fleet.counters().methods()).isEqualTo(1);
        assertThat(fleet.counters().repeated()).isEqualTo(1);
    }

    @Test
    void answersWithinItsTimes() throws IOException {
        fleet(Behaviour.answeringWithin(Duration.ofMillis(1), Duration.ofMillis(20), 1), 1);
        call(0, 50);
        await().until(() -> answers().size() == 50);
        assertThat(answers()).isNotEqualTo(answers().stream().sorted().toList());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 1})
    void failsAShareOfMethods(double share) throws IOException {
        fleet(behaviour(share, 0, 0), 1);
        call(0, 400);
        await().until(() -> answers().size() == 400);
        assertShare(
                answers().stream().filter(answer -> answer.contains("/500/")).count(), share);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 1})
    void leavesAShareOfMethodsUnanswered(double share) throws IOException {
        SimulatedFleet fleet = fleet(behaviour(0, share, 0), 1);
        call(0, 400);
        await().until(() -> fleet.counters().methods() == 400);
        hub.publish("sim-000001", "$iothub/twin/PATCH/properties/desired/?$version=1", "{}");
        await().until(() -> fleet.counters().desired() == 1);
        assertShare(400 - answers().size(), share);
    }

    private static void assertShare(long count, double share) {
        assertThat(count).isBetween(Math.round(share * 400 * 0.75), Math.round(share * 400 * 1.25));
    }

    @Test
    void reportsDesiredPropertiesOnConnect() throws IOException {
        hub.twin = "{\"desired\":{\"rate\":5,\"same\":1,\"$version\":3},\"reported\":{\"same\":1,\"$version\":1}}";
        SimulatedFleet fleet = fleet(Behaviour.PERFECT, 1);
        await().until(() -> fleet.counters().reported() == 1);
        assertThat(hub.reported()).containsExactly("{\"rate\":5}");
    }

    @Test
    void reportsEachChangeOfDesiredProperties() throws IOException {
        SimulatedFleet fleet = fleet(Behaviour.PERFECT, 1);
        hub.publish("sim-000001", "$iothub/twin/PATCH/properties/desired/?$version=4", "{\"a\":null,\"$version\":4}");
        await().until(() -> fleet.counters().reported() == 1);
        assertThat(hub.reported()).containsExactly("{\"a\":null}");
    }

    @Test
    void sendsTelemetryAndCountsWhatTheHubTook() throws IOException {
        SimulatedFleet fleet =
                fleet(new Behaviour(Duration.ZERO, Duration.ZERO, 0, 0, 0, false, Duration.ofMillis(20), 1), 2);
        await().until(() -> fleet.counters().telemetry() > 10);
        Matcher event = Pattern.compile("devices/sim-00000[12]/messages/events/\\S+ \\{\"temperature\":\\d+\\.\\d}")
                .matcher(hub.published.getFirst());
        assertThat(event.matches()).as(hub.published.getFirst()).isTrue();
    }

    @Test
    void losesConnectionsAndConnectsAgain() throws IOException {
        SimulatedFleet fleet = begun(behaviour(0, 0, 0.5), 20, (_, _, _) -> {});
        await().until(() -> fleet.counters().ends().getOrDefault("cut", 0L) > 5);
        await().until(() -> hub.connects.get() > 25);
        assertThat(fleet.counters().connected()).isBetween(0L, 20L);
    }

    @Test
    void endsWithItsConnections() throws IOException {
        SimulatedFleet fleet = fleet(Behaviour.PERFECT, 3);
        fleet.close();
        await().until(() -> hub.connected().isEmpty());
    }
}
