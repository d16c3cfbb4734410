package io.muster.gateway.channel.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.document.IdentityId;
import io.muster.gateway.channel.ChannelMeters;
import io.muster.gateway.channel.ConnectionDouble;
import io.muster.gateway.channel.FleetLog;
import io.muster.gateway.channel.Publish;
import io.muster.gateway.channel.Receipt;
import io.muster.records.Telemetry;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TelemetryChannelTest {
    private static final Instant NOW = Instant.parse("2001-02-03T04:05:06Z");

    private final FleetLog fleet = new FleetLog();
    private final TelemetryChannel channel =
            new TelemetryChannel(fleet, new ChannelMeters(new SimpleMeterRegistry()), InstantSource.fixed(NOW));

    private @Nullable Receipt say(String id, String topic, boolean retained) {
        return channel.receive(
                new ConnectionDouble(id),
                new Publish(topic, Unpooled.copiedBuffer("21", StandardCharsets.UTF_8), retained));
    }

    private static Telemetry telemetry(@Nullable String module, Map<String, @Nullable String> properties) {
        return new Telemetry("d", module, NOW, properties, ByteBuffer.wrap("21".getBytes(StandardCharsets.UTF_8)));
    }

    static Stream<Arguments> topics() {
        Map<String, @Nullable String> named = new HashMap<>();
        named.put("k", null);
        named.put("e", "");
        return Stream.of(
                Arguments.of("d", "devices/d/messages/events", null, Map.of()),
                Arguments.of("d", "devices/d/messages/events/", null, Map.of()),
                Arguments.of("d", "devices/d/messages/events/k&e=", null, named),
                Arguments.of(
                        "d",
                        "devices/d/messages/events/%24.ct=a%2Fb&x+y=1+2/",
                        null,
                        Map.of("$.ct", "a/b", "x+y", "1+2")),
                Arguments.of("d", "devices/d/messages/events/?a=%C3%BC", null, Map.of("?a", "ü")),
                Arguments.of("d/m", "devices/d/modules/m/messages/events/%24.on=out/", "m", Map.of("$.on", "out")));
    }

    @ParameterizedTest
    @MethodSource("topics")
    void writesAnEventWithItsProperties(
            String id, String topic, @Nullable String module, Map<String, @Nullable String> properties) {
        Receipt receipt = Objects.requireNonNull(say(id, topic, false));
        assertThat(receipt.cause()).isEqualTo(Receipt.Cause.UNASKED);
        assertThat(receipt.written()).isCompleted();
        assertThat(fleet.messages).containsExactly(telemetry(module, properties));
    }

    @Test
    void marksWhatWasToBeRetained() {
        say("d", "devices/d/messages/events/", true);
        assertThat(fleet.messages).containsExactly(telemetry(null, Map.of("mqtt-retain", "true")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "devices/d/messages/events/%zz=1",
                "devices/d/messages/events/a=%C3%",
                "devices/e/messages/events/",
                "devices/d/messages/eventsx",
                "devices/d/modules/m/messages/events/",
                "Devices/d/messages/events/"
            })
    void leavesOtherTopics(String topic) {
        assertThat(say("d", topic, false)).isNull();
        assertThat(channel.read(IdentityId.of("d"), topic, new byte[0])).isEmpty();
        assertThat(fleet.messages).isEmpty();
    }

    @Test
    void failsAnEventThatCannotBeWritten() {
        fleet.away = true;
        assertThat(Objects.requireNonNull(say("d", "devices/d/messages/events/", false))
                        .written())
                .isCompletedExceptionally();
    }

    @Test
    void writesAWillWhenItIsCarriedOut() {
        Runnable will = channel.read(
                        IdentityId.of("d"), "devices/d/messages/events/a=1", "21".getBytes(StandardCharsets.UTF_8))
                .orElseThrow();
        assertThat(fleet.messages).isEmpty();
        will.run();
        assertThat(fleet.messages).containsExactly(telemetry(null, Map.of("a", "1", "iothub-MessageType", "Will")));
    }
}
