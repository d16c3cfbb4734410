package io.muster.gateway.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.gateway.connect.DeviceAuthorities;
import io.muster.gateway.connect.Doorkeeper;
import io.muster.records.ConnectionTerms;
import io.muster.records.Telemetry;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttQoS;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** On a clock that the test moves. */
class DeviceHandlerTest {
    /** Takes everything; whether it is saturated is asked, and counted. */
    private static final class SaturatedFleet implements Fleet {
        private int asked;
        private boolean saturated = true;

        @Override
        public CompletableFuture<ConnectionTerms> requestConnection(String deviceId) {
            throw new AssertionError(deviceId);
        }

        @Override
        public CompletableFuture<Void> report(String deviceId, Object report) {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletableFuture<Void> telemetry(Telemetry message) {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public boolean saturated() {
            asked++;
            return saturated;
        }
    }

    private final SaturatedFleet fleet = new SaturatedFleet();

    private EmbeddedChannel connected(int keepAlive) {
        SharedAccessPolicies policies = SharedAccessPolicies.generate(new SecureRandom());
        MqttSettings settings = new MqttSettings(
                "127.0.0.1",
                0,
                Optional.empty(),
                null,
                null,
                new Doorkeeper(HubHosts.of("hub.test"), () -> new DeviceAuthorities(List.of())),
                () -> policies,
                InstantSource.system(),
                MqttSettings.LARGEST_MESSAGE,
                MqttSettings.MOST_ARRIVALS,
                MqttSettings.REFUSALS);
        DeviceHandler handler = new DeviceHandler(
                settings,
                fleet,
                new Connections(fleet, new SimpleMeterRegistry(), InstantSource.system()),
                new DeviceHandler.Session("d", 1, new Subscriptions(List.of(), List.of()), null),
                new HeldPackets());
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        channel.pipeline().addLast("device", handler);
        handler.open(true, keepAlive);
        channel.runPendingTasks();
        return channel;
    }

    private static void publish(EmbeddedChannel channel) {
        channel.writeInbound(MqttMessageBuilders.publish()
                .topicName("devices/d/messages/events/")
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

    @Test
    void aDeviceThatWaitsIsLookedAtAtOnePaceHoweverMuchItHadSent() {
        EmbeddedChannel channel = connected(60);
        for (int i = 0; i < 50; i++) {
            publish(channel);
        }
        assertThat(channel.config().isAutoRead()).isFalse();
        fleet.asked = 0;
        pass(channel, 1000);
        assertThat(fleet.asked).isLessThanOrEqualTo(100);
        fleet.saturated = false;
        pass(channel, 20);
        assertThat(channel.config().isAutoRead()).isTrue();
        fleet.asked = 0;
        pass(channel, 1000);
        assertThat(fleet.asked).isZero();
    }

    @Test
    void aDeviceThatIsNotReadIsNotSilent() {
        EmbeddedChannel channel = connected(10);
        publish(channel);
        pass(channel, 60_000);
        assertThat(channel.isActive()).isTrue();
        fleet.saturated = false;
        pass(channel, 60_000);
        assertThat(channel.isActive()).as("it could be heard for a minute").isFalse();
    }
}
