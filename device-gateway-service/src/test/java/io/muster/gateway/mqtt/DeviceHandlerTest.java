package io.muster.gateway.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.document.IdentityId;
import io.muster.gateway.GatewayChannels;
import io.muster.gateway.connect.Authenticator;
import io.muster.gateway.connect.DeviceAuthorities;
import io.muster.gateway.fleet.Fleet;
import io.muster.records.ConnectionTerms;
import io.muster.records.Delivery;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.records.MethodUnanswered;
import io.muster.records.TaskOutput;
import io.muster.records.Telemetry;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubscribeMessage;
import io.netty.handler.codec.mqtt.MqttSubscribePayload;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs on a clock that the test moves. */
class DeviceHandlerTest {
    private static final String METHODS = "$iothub/methods/POST/#";

    /** Takes everything unless it is full; whether it is saturated is asked, and counted. */
    private static final class SaturatedFleet implements Fleet {
        private final List<Object> reports = new ArrayList<>();
        private final List<CompletableFuture<Void>> unwritten = new ArrayList<>();
        private boolean full;
        private boolean slow;
        private int asked;
        private boolean saturated = true;

        @Override
        public CompletableFuture<ConnectionTerms> requestConnection(String deviceId) {
            throw new AssertionError(deviceId);
        }

        @Override
        public CompletableFuture<Void> report(String deviceId, Object report) {
            if (full) {
                return CompletableFuture.failedFuture(new IllegalStateException("full"));
            }
            reports.add(report);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletableFuture<Void> telemetry(Telemetry message) {
            CompletableFuture<Void> written = new CompletableFuture<>();
            unwritten.add(written);
            if (!slow) {
                written.complete(null);
            }
            return written;
        }

        @Override
        public CompletableFuture<Void> reportToPool(String poolId, String nodeId, long epoch, List<Object> reports) {
            throw new AssertionError(nodeId);
        }

        @Override
        public CompletableFuture<Void> output(TaskOutput output) {
            throw new AssertionError(output);
        }

        @Override
        public boolean saturated() {
            asked++;
            return saturated;
        }
    }

    private final SaturatedFleet fleet = new SaturatedFleet();
    private Instant now = Instant.EPOCH;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Connections connections =
            new Connections(GatewayChannels.of(fleet, meters, InstantSource.system()), meters, InstantSource.system());

    private EmbeddedChannel connected(int keepAlive, String... filters) {
        SharedAccessPolicies policies = SharedAccessPolicies.generate(new SecureRandom());
        MqttSettings settings = new MqttSettings(
                "127.0.0.1",
                0,
                Optional.empty(),
                Optional.empty(),
                null,
                null,
                new Authenticator(HubHosts.of("hub.test"), () -> new DeviceAuthorities(List.of())),
                () -> policies,
                () -> now,
                MqttSettings.LARGEST_MESSAGE,
                MqttSettings.PerAddress.USUAL,
                MqttSettings.PerAddress.USUAL);
        DeviceHandler handler = new DeviceHandler(
                settings,
                fleet,
                connections,
                new DeviceHandler.Session(
                        "d",
                        1,
                        new Subscriptions(
                                connections.channels().filters(IdentityId.of("d")), List.of(filters), List.of()),
                        null),
                new HeldPackets());
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        channel.pipeline().addLast("device", handler);
        handler.open(true, null, keepAlive);
        channel.runPendingTasks();
        return channel;
    }

    private static void publish(EmbeddedChannel channel) {
        publish(channel, "devices/d/messages/events/");
    }

    private static void publish(EmbeddedChannel channel, String topic) {
        channel.writeInbound(MqttMessageBuilders.publish()
                .topicName(topic)
                .qos(MqttQoS.AT_MOST_ONCE)
                .payload(Unpooled.EMPTY_BUFFER)
                .build());
    }

    private static void pass(EmbeddedChannel channel, int milliseconds) {
        for (int passed = 0; passed < milliseconds; passed += 10) {
            channel.advanceTimeBy(10, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$iothub/twin/GET/?$rid=1",
                "$iothub/twin/PATCH/properties/reported/?$rid=1",
                "$iothub/methods/res/200/?$rid=nobody-waits"
            })
    void readsADeviceThatAsksALotAtItsShare(String topic) {
        fleet.saturated = false;
        EmbeddedChannel channel = connected(60, "$iothub/twin/res/#");
        for (int i = 0; i < 99; i++) {
            publish(channel, topic);
        }
        assertThat(channel.config().isAutoRead()).isTrue();
        for (int i = 0; i < 51; i++) {
            publish(channel, topic); // Some were read in one piece with the last that it may send.
        }
        assertThat(channel.config().isAutoRead()).isFalse();
        now = now.plusMillis(500);
        pass(channel, 100);
        assertThat(channel.config().isAutoRead()).as("it owes 50").isFalse();
        now = now.plusMillis(20);
        pass(channel, 100);
        assertThat(channel.config().isAutoRead()).isTrue();
    }

    @Test
    void readsADeviceThatChangesItsSubscriptionsAtItsShare() {
        fleet.saturated = false;
        EmbeddedChannel channel = connected(60);
        int changes = 0;
        while (channel.config().isAutoRead()) {
            changes++;
            channel.writeInbound(
                    changes % 2 == 1
                            ? MqttMessageBuilders.subscribe()
                                    .messageId(1)
                                    .addSubscription(MqttQoS.AT_MOST_ONCE, METHODS)
                                    .build()
                            : MqttMessageBuilders.unsubscribe()
                                    .messageId(1)
                                    .addTopicFilter(METHODS)
                                    .build());
            channel.runPendingTasks();
        }
        assertThat(changes).isEqualTo(100);
    }

    @Test
    void closesADeviceThatSubscribesToNothing() {
        EmbeddedChannel channel = connected(60);
        channel.writeInbound(new MqttSubscribeMessage(
                new MqttFixedHeader(MqttMessageType.SUBSCRIBE, false, MqttQoS.AT_LEAST_ONCE, false, 2),
                MqttMessageIdVariableHeader.from(1),
                new MqttSubscribePayload(List.of())));
        assertThat(channel.isActive()).isFalse();
    }

    @Test
    void rechecksAThrottledDeviceAtOnePace() {
        EmbeddedChannel channel = connected(60);
        for (int i = 0; i < 50; i++) {
            publish(channel);
        }
        assertThat(channel.config().isAutoRead()).isFalse();
        fleet.asked = 0;
        pass(channel, 1000);
        assertThat(fleet.asked).isLessThanOrEqualTo(10);
        fleet.saturated = false;
        pass(channel, 100);
        assertThat(channel.config().isAutoRead()).isTrue();
        fleet.asked = 0;
        pass(channel, 1000);
        assertThat(fleet.asked).isZero();
    }

    @Test
    void readsAwaitedAnswersWhileTheLogIsSaturated() {
        EmbeddedChannel channel = connected(60, METHODS);
        call(channel, "01", Duration.ofSeconds(30));
        call(channel, "02", Duration.ofSeconds(30));
        publish(channel, answer("01"));
        assertThat(channel.config().isAutoRead()).isTrue();
        publish(channel, answer("02"));
        assertThat(channel.config().isAutoRead()).isTrue();
        assertThat(fleet.reports).filteredOn(MethodAnswered.class::isInstance).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "devices/d/messages/events/",
                "$iothub/twin/GET/?$rid=1",
                "$iothub/twin/PATCH/properties/reported/?$rid=1",
                "$iothub/methods/res/200/?$rid=nobody-waits"
            })
    void throttlesUnawaitedPublishes(String topic) {
        EmbeddedChannel channel = connected(60);
        publish(channel, topic);
        assertThat(channel.config().isAutoRead()).isFalse();
    }

    static Stream<MqttMessage> answeredAtOnce() {
        return Stream.of(
                MqttMessage.PINGREQ,
                MqttMessageBuilders.publish()
                        .topicName("devices/d/messages/events/")
                        .messageId(1)
                        .qos(MqttQoS.AT_LEAST_ONCE)
                        .payload(Unpooled.EMPTY_BUFFER)
                        .build(),
                MqttMessageBuilders.publish()
                        .topicName("$iothub/twin/PATCH/properties/reported/?$rid=1&$version=x")
                        .qos(MqttQoS.AT_MOST_ONCE)
                        .payload(Unpooled.EMPTY_BUFFER)
                        .build(),
                MqttMessageBuilders.subscribe()
                        .messageId(1)
                        .addSubscription(MqttQoS.AT_MOST_ONCE, METHODS)
                        .build());
    }

    @ParameterizedTest
    @MethodSource("answeredAtOnce")
    void closesADeviceThatAsksAndDoesNotRead(MqttMessage question) {
        EmbeddedChannel channel = connected(60, "$iothub/twin/res/#");
        channel.writeInbound(MqttMessage.PINGREQ);
        assertThat(channel.isActive()).isTrue();
        Objects.requireNonNull(channel.unsafe().outboundBuffer()).setUserDefinedWritability(1, false);
        // Bytes that are read already come before the end.
        channel.writeInbound(question, MqttMessage.PINGREQ, MqttMessage.PINGREQ);
        channel.runPendingTasks();
        assertThat(channel.isActive()).isFalse();
        assertThat(meters.counter("muster.gateway.packets.refused", "reason", "does not read")
                        .count())
                .isEqualTo(1);
    }

    @Test
    void readsADeviceAgainOnceHalfOfItsOwnIsWritten() {
        fleet.saturated = false;
        fleet.slow = true;
        EmbeddedChannel channel = connected(60);
        while (channel.config().isAutoRead()) {
            publish(channel);
        }
        fleet.unwritten.forEach(written -> written.complete(null));
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).isTrue();
    }

    @Test
    void reportsAnUnansweredCallAtItsDeadline() {
        EmbeddedChannel channel = connected(60, METHODS);
        call(channel, "01", Duration.ofSeconds(5));
        pass(channel, 4_990);
        assertThat(fleet.reports).noneMatch(MethodUnanswered.class::isInstance);
        pass(channel, 10);
        assertThat(fleet.reports).last().isEqualTo(new MethodUnanswered("01"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rejectsALateAnswerThoughTheTimerIsLate(boolean full) {
        EmbeddedChannel channel = connected(60, METHODS);
        call(channel, "01", Duration.ofSeconds(5));
        channel.advanceTimeBy(5, TimeUnit.SECONDS);
        // No timer has run yet: the connection's thread was busy.
        fleet.full = full;
        publish(channel, answer("01"));
        fleet.full = false;
        pass(channel, 1000);
        assertThat(fleet.reports)
                .filteredOn(report -> report instanceof MethodUnanswered || report instanceof MethodAnswered)
                .first()
                .isEqualTo(new MethodUnanswered("01"));
    }

    private void call(EmbeddedChannel channel, String id, Duration time) {
        Instant decided = Instant.EPOCH;
        connections.deliver(
                new Delivery("d", decided, new MethodRequest(1L, id, "reboot", "{}", decided.plus(time))),
                System.nanoTime(),
                Optional.empty());
        channel.runPendingTasks();
    }

    private static String answer(String id) {
        return "$iothub/methods/res/200/?$rid=" + id;
    }

    @Test
    void ignoresTheSilenceOfAThrottledDevice() {
        EmbeddedChannel channel = connected(10);
        publish(channel);
        pass(channel, 60_000);
        assertThat(channel.isActive()).isTrue();
        fleet.saturated = false;
        pass(channel, 60_000);
        assertThat(channel.isActive()).as("it could be heard for a minute").isFalse();
    }
}
