package io.muster.gateway.channel.twin;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.gateway.channel.ChannelMeters;
import io.muster.gateway.channel.ConnectionDouble;
import io.muster.gateway.channel.FleetLog;
import io.muster.gateway.channel.Handovers;
import io.muster.gateway.channel.Publish;
import io.muster.gateway.channel.Receipt;
import io.muster.records.Capability;
import io.muster.records.DesiredChanged;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.DeviceRefused;
import io.muster.records.PatchReported;
import io.muster.records.ReportedAnswer;
import io.muster.records.RequestTwin;
import io.muster.records.TwinAnswer;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TwinChannelTest {
    private static final Instant NOW = Instant.parse("2001-02-03T04:05:06Z");

    private final FleetLog fleet = new FleetLog();
    private final TwinChannel channel =
            new TwinChannel(fleet, new ChannelMeters(new SimpleMeterRegistry()), InstantSource.fixed(NOW));
    private final ConnectionDouble connection = new ConnectionDouble("d");

    private Receipt say(String topic, byte[] body) {
        return Objects.requireNonNull(
                channel.receive(connection, new Publish(topic, Unpooled.wrappedBuffer(body), false)));
    }

    private Receipt say(String topic, String body) {
        return say(topic, body.getBytes(StandardCharsets.UTF_8));
    }

    static Stream<Arguments> topics() {
        return Stream.of(
                Arguments.of("$iothub/twin/GET/?$rid=1", new TwinRequest.Get("1")),
                Arguments.of("$iothub/twin/GET/?%24rid=a%2Fb", new TwinRequest.Get("a%2Fb")),
                Arguments.of("$iothub/twin/GET/?$rid=", new TwinRequest.Get("")),
                Arguments.of("$iothub/twin/GET/?$rid=1&$rid=2", new TwinRequest.Get("1")),
                Arguments.of("$iothub/twin/PATCH/properties/reported/?$rid=1", new TwinRequest.Patch("1", null)),
                Arguments.of(
                        "$iothub/twin/PATCH/properties/reported/?$rid=1&$version=7", new TwinRequest.Patch("1", 7L)),
                Arguments.of(
                        "$iothub/twin/PATCH/properties/reported/?$version=999999999999999999&$rid=1",
                        new TwinRequest.Patch("1", 999_999_999_999_999_999L)),
                Arguments.of(
                        "$iothub/twin/PATCH/properties/reported/?$rid=1&$version=1000000000000000000",
                        new TwinRequest.MalformedPatch("1")),
                Arguments.of(
                        "$iothub/twin/PATCH/properties/reported/?$rid=1&$version=-1",
                        new TwinRequest.MalformedPatch("1")),
                Arguments.of(
                        "$iothub/twin/PATCH/properties/reported/?$rid=1&$version=",
                        new TwinRequest.MalformedPatch("1")),
                Arguments.of(
                        "$iothub/twin/PATCH/properties/reported/?$rid=1&$version=٣",
                        new TwinRequest.MalformedPatch("1")));
    }

    @ParameterizedTest
    @MethodSource("topics")
    void decodesATopic(String topic, Object request) {
        assertThat(TwinRequest.parse(topic)).isEqualTo(request);
    }

    @Test
    void asksTheFleetForTheTwin() {
        assertThat(say("$iothub/twin/GET/?$rid=1", " ").written()).isCompleted();
        assertThat(fleet.reports).containsExactly(new RequestTwin(7L, "1"));
    }

    @Test
    void asksForNoTwinWhoseAnswerNobodyHears() {
        connection.capabilities.remove(Capability.TWIN_ANSWERS);
        assertThat(say("$iothub/twin/GET/?$rid=1", "").written()).isCompleted();
        assertThat(fleet.reports).isEmpty();
    }

    @Test
    void passesAPatchOn() {
        assertThat(say("$iothub/twin/PATCH/properties/reported/?$rid=1&$version=3", "{\"ä\":1}")
                        .written())
                .isCompleted();
        assertThat(fleet.reports).containsExactly(new PatchReported(7L, "1", "{\"ä\":1}", 3L));
    }

    @Test
    void failsThePublishOfAPatchThatCannotBeWritten() {
        fleet.away = true;
        assertThat(say("$iothub/twin/PATCH/properties/reported/?$rid=1", "{}").written())
                .isCompletedExceptionally();
    }

    @Test
    void refusesAPatchThatIsNotUtf8() {
        assertThat(say("$iothub/twin/PATCH/properties/reported/?$rid=1", new byte[] {'{', (byte) 0xff, '}'})
                        .written())
                .isCompleted();
        assertThat(connection.published)
                .singleElement()
                .asString()
                .matches(failure("1", 400, "The patch is not UTF-8."));
        assertThat(fleet.reports).isEmpty();
    }

    @Test
    void refusesAVersionThatIsNoNumber() {
        say("$iothub/twin/PATCH/properties/reported/?$rid=1&$version=x", "{}");
        assertThat(connection.published)
                .singleElement()
                .asString()
                .matches(failure("1", 400, "The \\$version is not a number."));
    }

    private static String failure(String rid, int status, String message) {
        return "\\$iothub/twin/res/" + status + "/\\?\\$rid=" + rid + " \\{\"errorCode\":" + status
                + "00[14],\"trackingId\":\"[0-9a-f-]{36}\",\"message\":\"" + message
                + "\",\"timestampUtc\":\"2001-02-03T04:05:06Z\"}";
    }

    @Test
    void answersWithTheTwin() {
        Handovers.deliver(channel, connection, new TwinAnswer(7L, "1", "{\"a\":1}", 3L, "{ }", 1L));
        assertThat(connection.published)
                .containsExactly(
                        "$iothub/twin/res/200/?$rid=1 {\"desired\":{\"a\":1,\"$version\":3},\"reported\":{\"$version\":1}}");
        assertThat(connection.allocated()).isZero();
    }

    @Test
    void answersAPatchWithItsVersion() {
        Handovers.deliver(channel, connection, new ReportedAnswer(7L, "1", 4L, null));
        assertThat(connection.published).containsExactly("$iothub/twin/res/204/?$rid=1&$version=4 ");
    }

    @ParameterizedTest
    @CsvSource({
        "PRECONDITION_FAILED, 412",
        "TOO_LARGE,           413",
        "UNUSABLE_TWIN,       500",
        "UNKNOWN,             500",
        "INVALID,             400",
        "NOT_FOUND,           400"
    })
    void answersARefusedPatchWithItsStatus(DeviceRefusalReason reason, int status) {
        DeviceRefused refusal = new DeviceRefused(reason, "It's \"large\".\n");
        Handovers.deliver(channel, connection, new ReportedAnswer(7L, "1", 0L, refusal));
        assertThat(connection.published)
                .singleElement()
                .asString()
                .matches(failure("1", status, "It's \\\\\"large\\\\\". "));
    }

    @Test
    void notifiesOfDesiredProperties() {
        Handovers.deliver(channel, connection, new DesiredChanged(7L, "{\"a\":null}", 8L));
        assertThat(connection.published)
                .containsExactly("$iothub/twin/PATCH/properties/desired/?$version=8 {\"a\":null,\"$version\":8}");
    }

    @ParameterizedTest
    @MethodSource("unwanted")
    void sendsNothingToASessionThatDoesNotTakeIt(@Nullable Capability missing, Object delivery) {
        connection.capabilities.remove(missing);
        Handovers.deliver(channel, connection, delivery);
        assertThat(connection.published).isEmpty();
    }

    static Stream<Arguments> unwanted() {
        return Stream.of(
                Arguments.of(Capability.TWIN_ANSWERS, new ReportedAnswer(7L, "1", 4L, null)),
                Arguments.of(Capability.DESIRED_CHANGES, new DesiredChanged(7L, "{}", 8L)));
    }
}
