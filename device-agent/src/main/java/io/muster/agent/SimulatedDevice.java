package io.muster.agent;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.mqtt.MqttConnAckMessage;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttPublishVariableHeader;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttVersion;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One device: connects, subscribes, gets its twin, answers methods, reports what is desired. Its own thread is its channel's. */
final class SimulatedDevice {
    private static final int KEEP_ALIVE_SECONDS = 180;
    private static final int PING_SECONDS = 90;
    private static final int REMEMBERED = 64;
    private static final int MOST_FAILURES = 6;
    private static final int OK = 200;
    private static final int FAILED = 500;
    private static final String METHODS = "$iothub/methods/POST/";
    private static final String DESIRED = "$iothub/twin/PATCH/properties/desired/";

    private final SimulatedFleet fleet;
    private final String deviceId;
    private final SplittableRandom random;
    private final Map<String, Boolean> seen = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    };
    private volatile @Nullable Channel channel;
    private int failures;
    private int rid;

    SimulatedDevice(SimulatedFleet fleet, String deviceId, SplittableRandom random) {
        this.fleet = fleet;
        this.deviceId = deviceId;
        this.random = random;
    }

    SplittableRandom random() {
        return random;
    }

    int failures() {
        return failures;
    }

    /** Loses the connection without a word. */
    void cut() {
        Channel open = channel;
        if (open != null) {
            open.close();
        }
    }

    ChannelHandler connection() {
        return new Connection();
    }

    private final class Connection extends SimpleChannelInboundHandler<MqttMessage> {
        private boolean connected;

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            channel = ctx.channel();
            Instant expiry = fleet.now().plus(Target.TOKEN_LIFE);
            ctx.writeAndFlush(MqttMessageBuilders.connect()
                    .protocolVersion(MqttVersion.MQTT_3_1_1)
                    .clientId(deviceId)
                    .username(fleet.target().hubHost() + "/" + deviceId
                            + "/?api-version=2021-04-12&DeviceClientType=muster-agent")
                    .password(fleet.target()
                            .token()
                            .apply(new Target.Identity(deviceId, expiry))
                            .getBytes(StandardCharsets.UTF_8))
                    .hasUser(true)
                    .hasPassword(true)
                    .cleanSession(false)
                    .keepAlive(KEEP_ALIVE_SECONDS)
                    .build());
            Duration renewal = Target.TOKEN_LIFE.multipliedBy(3).dividedBy(4);
            ctx.executor()
                    .schedule(
                            () -> {
                                ctx.writeAndFlush(MqttMessage.DISCONNECT);
                                ctx.close();
                            },
                            renewal.toMillis(),
                            TimeUnit.MILLISECONDS);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, MqttMessage message) {
            switch (message.fixedHeader().messageType()) {
                case CONNACK -> acknowledged(ctx, (MqttConnAckMessage) message);
                case SUBACK -> subscribed(ctx);
                case PUBLISH -> published(ctx, (MqttPublishMessage) message);
                default -> {
                    // PINGRESP and PUBACK ask for nothing.
                }
            }
        }

        private void acknowledged(ChannelHandlerContext ctx, MqttConnAckMessage message) {
            if (message.variableHeader().connectReturnCode() != MqttConnectReturnCode.CONNECTION_ACCEPTED) {
                fleet.count().refused.increment();
                ctx.close();
                return;
            }
            ctx.writeAndFlush(MqttMessageBuilders.subscribe()
                    .messageId(1)
                    .addSubscription(MqttQoS.AT_MOST_ONCE, "$iothub/twin/res/#")
                    .addSubscription(MqttQoS.AT_MOST_ONCE, DESIRED + "#")
                    .addSubscription(MqttQoS.AT_MOST_ONCE, METHODS + "#")
                    .build());
        }

        private void subscribed(ChannelHandlerContext ctx) {
            if (!connected) {
                connected = true;
                failures = 0;
                fleet.count().connected.incrementAndGet();
                ctx.executor()
                        .scheduleAtFixedRate(
                                () -> ctx.writeAndFlush(MqttMessage.PINGREQ),
                                PING_SECONDS,
                                PING_SECONDS,
                                TimeUnit.SECONDS);
            }
        }

        private void published(ChannelHandlerContext ctx, MqttPublishMessage message) {
            String topic = message.variableHeader().topicName();
            if (topic.startsWith(METHODS)) {
                method(ctx, topic, message.payload().retainedSlice());
            } else if (topic.startsWith(DESIRED)) {
                fleet.count().desired.increment();
                if (fleet.behaviour().reportsDesired()) {
                    publish(
                            ctx,
                            "$iothub/twin/PATCH/properties/reported/?$rid=" + ++rid,
                            message.payload().retainedSlice());
                }
            }
        }

        private void method(ChannelHandlerContext ctx, String topic, ByteBuf payload) {
            String id = topic.substring(topic.indexOf("$rid=") + "$rid=".length());
            boolean again = seen.put(id, true) != null;
            (again ? fleet.count().repeated : fleet.count().methods).increment();
            Behaviour behaviour = fleet.behaviour();
            if (behaviour.silentShare() > 0 && random.nextDouble() < behaviour.silentShare()) {
                payload.release();
                return;
            }
            boolean fails = behaviour.failureShare() > 0 && random.nextDouble() < behaviour.failureShare();
            String answer = "$iothub/methods/res/" + (fails ? FAILED : OK) + "/?$rid=" + id;
            long longest = behaviour.longestAnswer().toMillis();
            if (longest == 0) {
                publish(ctx, answer, payload);
            } else {
                long delay = random.nextLong(behaviour.shortestAnswer().toMillis(), longest + 1);
                ctx.executor().schedule(() -> publish(ctx, answer, payload), delay, TimeUnit.MILLISECONDS);
            }
        }

        /** Takes the payload over. (Netty's own builder copies it and forgets the original.) */
        private void publish(ChannelHandlerContext ctx, String topic, ByteBuf payload) {
            ctx.writeAndFlush(new MqttPublishMessage(
                    new MqttFixedHeader(MqttMessageType.PUBLISH, false, MqttQoS.AT_MOST_ONCE, false, 0),
                    new MqttPublishVariableHeader(topic, 0),
                    payload));
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            channel = null;
            if (connected) {
                connected = false;
                fleet.count().connected.decrementAndGet();
            } else {
                failures = Math.min(MOST_FAILURES, failures + 1);
            }
            fleet.again(SimulatedDevice.this);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
