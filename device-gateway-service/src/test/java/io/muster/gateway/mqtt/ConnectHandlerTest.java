package io.muster.gateway.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.gateway.connect.DeviceAuthorities;
import io.muster.gateway.connect.Doorkeeper;
import io.muster.records.ConnectionTerms;
import io.muster.records.Telemetry;
import io.netty.channel.embedded.EmbeddedChannel;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ConnectHandlerTest {
    /** A fleet that is never asked. */
    private static final Fleet FLEET = new Fleet() {
        @Override
        public CompletableFuture<ConnectionTerms> requestConnection(String deviceId) {
            throw new AssertionError(deviceId);
        }

        @Override
        public CompletableFuture<Void> report(String deviceId, Object report) {
            throw new AssertionError(deviceId);
        }

        @Override
        public CompletableFuture<Void> telemetry(Telemetry message) {
            throw new AssertionError(message);
        }

        @Override
        public boolean saturated() {
            return false;
        }
    };

    @Test
    void whoNeverSaysConnectIsNotWaitedForForEver() {
        SharedAccessPolicies policies = SharedAccessPolicies.generate(new SecureRandom());
        MqttSettings settings = new MqttSettings(
                "127.0.0.1",
                0,
                Optional.empty(),
                Optional.empty(),
                null,
                null,
                new Doorkeeper(HubHosts.of("hub.test"), () -> new DeviceAuthorities(List.of())),
                () -> policies,
                InstantSource.system(),
                MqttSettings.LARGEST_MESSAGE,
                MqttSettings.PerAddress.USUAL,
                MqttSettings.PerAddress.USUAL);
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        channel.pipeline()
                .addLast(new ConnectHandler(
                        settings,
                        FLEET,
                        new Connections(FLEET, new SimpleMeterRegistry(), InstantSource.system()),
                        new Arrivals(settings.direct(), settings.clock())));
        channel.advanceTimeBy(29, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.isActive()).isTrue();
        channel.advanceTimeBy(2, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.isActive()).isFalse();
    }
}
