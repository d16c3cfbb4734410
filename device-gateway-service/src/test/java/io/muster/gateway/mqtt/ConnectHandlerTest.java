package io.muster.gateway.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.SharedAccessPolicies;
import io.muster.gateway.GatewayChannels;
import io.muster.gateway.connect.Authenticator;
import io.muster.gateway.connect.DeviceAuthorities;
import io.muster.gateway.fleet.Fleet;
import io.muster.records.ConnectionTerms;
import io.muster.records.TaskOutput;
import io.muster.records.Telemetry;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.mqtt.MqttConnAckMessage;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttVersion;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ConnectHandlerTest {
    /** Plays a fleet that does not answer. */
    private static final Fleet FLEET = new Fleet() {
        @Override
        public CompletableFuture<ConnectionTerms> requestConnection(String deviceId) {
            return new CompletableFuture<>();
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
        public CompletableFuture<Void> reportToPool(String poolId, String nodeId, long epoch, List<Object> reports) {
            throw new AssertionError(nodeId);
        }

        @Override
        public CompletableFuture<Void> output(TaskOutput output) {
            throw new AssertionError(output);
        }

        @Override
        public boolean saturated() {
            return false;
        }
    };

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final EmbeddedChannel channel = channel();

    private EmbeddedChannel channel() {
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
                InstantSource.system(),
                MqttSettings.LARGEST_MESSAGE,
                MqttSettings.PerAddress.USUAL,
                MqttSettings.PerAddress.USUAL);
        EmbeddedChannel made = new EmbeddedChannel();
        made.freezeTime();
        made.pipeline()
                .addLast(new ConnectHandler(
                        settings,
                        FLEET,
                        new Connections(
                                GatewayChannels.of(FLEET, meters, InstantSource.system()),
                                meters,
                                InstantSource.system()),
                        new ConnectLimiter(settings.direct(), settings.clock())));
        return made;
    }

    @Test
    void closesAConnectionThatSendsNoConnect() {
        channel.advanceTimeBy(29, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.isActive()).isTrue();
        channel.advanceTimeBy(2, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.isActive()).isFalse();
    }

    /** Reads twenty thousand packets of two bytes in one piece with the CONNECT: the connection is closed for one of them, which is logged once. */
    @Test
    void countsAndLogsOneOfManyExcessPackets() {
        Logger logger = (Logger) LoggerFactory.getLogger(ConnectHandler.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        MqttMessage connect = MqttMessageBuilders.connect()
                .protocolVersion(MqttVersion.MQTT_3_1_1)
                .clientId("d")
                .hasUser(true)
                .username("hub.test/d")
                .hasPassword(true)
                .password("any".getBytes(StandardCharsets.UTF_8))
                .build();
        channel.writeInbound(Stream.concat(
                        Stream.of(connect),
                        Stream.generate(() -> MqttMessage.PINGREQ).limit(20_000))
                .toArray());
        channel.runPendingTasks();
        logger.detachAppender(log);
        assertThat(channel.isActive()).isFalse();
        assertThat(meters.counter("muster.gateway.packets.refused", "reason", "too much before CONNACK")
                        .count())
                .isEqualTo(1);
        assertThat(log.list).hasSize(1);
    }

    @Test
    void refusesAWillOfQosTwo() {
        channel.writeInbound(MqttMessageBuilders.connect()
                .protocolVersion(MqttVersion.MQTT_3_1_1)
                .clientId("d")
                .hasUser(true)
                .username("hub.test/d")
                .willFlag(true)
                .willQoS(MqttQoS.EXACTLY_ONCE)
                .willTopic("devices/d/messages/events/")
                .willMessage(new byte[] {1})
                .build());
        MqttConnAckMessage answer = channel.readOutbound();
        assertThat(answer.variableHeader().connectReturnCode())
                .isEqualTo(MqttConnectReturnCode.CONNECTION_REFUSED_NOT_AUTHORIZED);
    }
}
