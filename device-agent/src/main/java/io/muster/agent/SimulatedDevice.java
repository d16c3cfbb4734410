package io.muster.agent;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
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
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One device: connects, subscribes, gets its twin, answers methods, reports what is desired, sends telemetry. Its state belongs to the
 * thread of its connection, of which there is one at a time. Contract: iot-hub, section 4.
 */
final class SimulatedDevice {
    static final int KEEP_ALIVE_SECONDS = 180;
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);
    private static final int REMEMBERED = 64;
    private static final int MOST_FAILURES = 6;
    private static final int OK = 200;
    private static final int FAILED = 500;
    private static final int PACKET_IDS = 0xFFFF;
    private static final String METHODS = "$iothub/methods/POST/";
    private static final String DESIRED = "$iothub/twin/PATCH/properties/desired/";
    private static final String TWIN_ANSWERS = "$iothub/twin/res/";
    private static final String RID = "$rid=";
    private static final String TWIN_RID = "twin";
    private static final ObjectMapper JSON = new ObjectMapper();

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
    private final Queue<Answer> unsent = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Channel channel;
    private volatile @Nullable ChannelHandlerContext open;
    private volatile int failures;
    private int rid;
    private int packetId;

    SimulatedDevice(SimulatedFleet fleet, String deviceId, SplittableRandom random) {
        this.fleet = fleet;
        this.deviceId = deviceId;
        this.random = random;
    }

    SplittableRandom random() {
        return random;
    }

    /** How many attempts to connect failed since the last that did not, at most six. */
    int failures() {
        return failures;
    }

    void failed() {
        failures = Math.min(MOST_FAILURES, failures + 1);
    }

    /** Loses the connection without a word. */
    void cut() {
        @Nullable Channel open = channel;
        if (open != null) {
            open.close();
        }
    }

    /** Holds a method's answer; kept while there is no connection. */
    private record Answer(String topic, ByteBuf payload) {}

    ChannelHandler connection() {
        return new Connection();
    }

    private final class Connection extends SimpleChannelInboundHandler<MqttMessage> {
        private final List<ScheduledFuture<?>> timers = new ArrayList<>();
        private boolean connected;
        private Instant renewAt = Instant.EPOCH;
        private String end = "lost";

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            channel = ctx.channel();
            Target target = fleet.target();
            Instant now = fleet.now();
            String token = target.tokens().sign(deviceId, now.plus(target.tokenLife()));
            renewAt = now.plus(target.tokenLife().multipliedBy(3).dividedBy(4));
            ctx.writeAndFlush(MqttMessageBuilders.connect()
                    .protocolVersion(MqttVersion.MQTT_3_1_1)
                    .clientId(deviceId)
                    .username(target.hubHost() + "/" + deviceId
                            + "/?api-version=2021-04-12&DeviceClientType=muster-agent")
                    .password(token.getBytes(StandardCharsets.UTF_8))
                    .hasUser(true)
                    .hasPassword(true)
                    .cleanSession(false)
                    .keepAlive(KEEP_ALIVE_SECONDS)
                    .build());
            timers.add(ctx.executor()
                    .schedule(
                            () -> close(ctx, "no answer to CONNECT"), CONNECT_LIMIT.toMillis(), TimeUnit.MILLISECONDS));
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, MqttMessage message) {
            if (message.decoderResult().isFailure()) {
                close(ctx, "undecodable packet");
                return;
            }
            switch (message.fixedHeader().messageType()) {
                case CONNACK -> acknowledged(ctx, (MqttConnAckMessage) message);
                case SUBACK -> subscribed(ctx);
                case PUBLISH -> published(ctx, (MqttPublishMessage) message);
                case PUBACK -> fleet.count().telemetry.increment();
                default -> {
                    // PINGRESP says that the hub is there; that it was read is enough.
                }
            }
        }

        private void acknowledged(ChannelHandlerContext ctx, MqttConnAckMessage message) {
            MqttConnectReturnCode code = message.variableHeader().connectReturnCode();
            if (code != MqttConnectReturnCode.CONNECTION_ACCEPTED) {
                close(ctx, code.name().toLowerCase(Locale.ROOT).replace('_', ' '));
                return;
            }
            ctx.writeAndFlush(MqttMessageBuilders.subscribe()
                    .messageId(nextPacketId())
                    .addSubscription(MqttQoS.AT_MOST_ONCE, TWIN_ANSWERS + "#")
                    .addSubscription(MqttQoS.AT_MOST_ONCE, DESIRED + "#")
                    .addSubscription(MqttQoS.AT_MOST_ONCE, METHODS + "#")
                    .build());
        }

        private void subscribed(ChannelHandlerContext ctx) {
            if (connected) {
                return;
            }
            connected = true;
            failures = 0;
            cancelTimers();
            fleet.settled();
            fleet.count().connected.incrementAndGet();
            open = ctx;
            for (Answer late = unsent.poll(); late != null; late = unsent.poll()) {
                send(ctx, late.topic(), late.payload());
            }
            long renewal = Math.max(0, Duration.between(fleet.now(), renewAt).toMillis());
            timers.add(ctx.executor().schedule(() -> renew(ctx), renewal, TimeUnit.MILLISECONDS));
            if (fleet.behaviour().reportsDesired()) {
                send(ctx, "$iothub/twin/GET/?" + RID + TWIN_RID, ctx.alloc().buffer(0));
            }
            long every = fleet.behaviour().telemetryEvery().toMillis();
            if (every > 0) {
                timers.add(ctx.executor()
                        .scheduleAtFixedRate(
                                () -> telemetry(ctx), random.nextLong(every), every, TimeUnit.MILLISECONDS));
            }
        }

        /** A token is renewed by connecting again, as the SDKs do. */
        private void renew(ChannelHandlerContext ctx) {
            ctx.write(MqttMessage.DISCONNECT);
            close(ctx, "token renewed");
        }

        private void published(ChannelHandlerContext ctx, MqttPublishMessage message) {
            String topic = message.variableHeader().topicName();
            if (topic.startsWith(METHODS)) {
                method(ctx, topic, message.payload().retainedSlice());
            } else if (topic.startsWith(DESIRED)) {
                fleet.count().desired.increment();
                if (fleet.behaviour().reportsDesired()) {
                    report(ctx, object(message.payload()));
                }
            } else if (topic.startsWith(TWIN_ANSWERS)) {
                answered(ctx, topic, message.payload());
            }
        }

        private void answered(ChannelHandlerContext ctx, String topic, ByteBuf body) {
            if (topic.startsWith(TWIN_ANSWERS + "204/")) {
                fleet.count().reported.increment();
            } else if (topic.equals(TWIN_ANSWERS + "200/?" + RID + TWIN_RID)) {
                ObjectNode twin = object(body);
                report(ctx, missing(twin.path("desired"), twin.path("reported")));
            }
        }

        private void report(ChannelHandlerContext ctx, ObjectNode properties) {
            properties.remove("$version");
            if (!properties.isEmpty()) {
                send(
                        ctx,
                        "$iothub/twin/PATCH/properties/reported/?" + RID + ++rid,
                        ByteBufUtil.writeUtf8(ctx.alloc(), properties.toString()));
            }
        }

        private void telemetry(ChannelHandlerContext ctx) {
            String body = "{\"temperature\":" + (15 + random.nextInt(100) / 10.0) + "}";
            ctx.writeAndFlush(new MqttPublishMessage(
                    new MqttFixedHeader(MqttMessageType.PUBLISH, false, MqttQoS.AT_LEAST_ONCE, false, 0),
                    new MqttPublishVariableHeader(
                            "devices/" + deviceId + "/messages/events/%24.ct=application%2Fjson&%24.ce=utf-8",
                            nextPacketId()),
                    ByteBufUtil.writeUtf8(ctx.alloc(), body)));
        }

        private void method(ChannelHandlerContext ctx, String topic, ByteBuf payload) {
            String id = topic.substring(topic.indexOf(RID) + RID.length());
            fleet.invocations()
                    .invoked(deviceId, topic.substring(METHODS.length(), topic.indexOf('/', METHODS.length())), id);
            boolean again = seen.put(id, true) != null;
            (again ? fleet.count().repeated : fleet.count().methods).increment();
            Behaviour behaviour = fleet.behaviour();
            if (behaviour.silentShare() > 0 && random.nextDouble() < behaviour.silentShare()) {
                payload.release();
                return;
            }
            boolean fails = behaviour.failureShare() > 0 && random.nextDouble() < behaviour.failureShare();
            String answer = "$iothub/methods/res/" + (fails ? FAILED : OK) + "/?" + RID + id;
            long longest = behaviour.longestAnswer().toMillis();
            if (longest == 0) {
                send(ctx, answer, payload);
            } else {
                long delay = random.nextLong(behaviour.shortestAnswer().toMillis(), longest + 1);
                ctx.executor().schedule(() -> answer(new Answer(answer, payload)), delay, TimeUnit.MILLISECONDS);
            }
        }

        /** Over whichever connection there is by now: the hub knows by its id whose answer it is. */
        private void answer(Answer answer) {
            @Nullable ChannelHandlerContext now = open;
            if (now == null) {
                unsent.add(answer);
            } else {
                send(now, answer.topic(), answer.payload());
            }
        }

        /** Takes the payload over. (Netty's own builder copies it and forgets the original.) */
        private void send(ChannelHandlerContext ctx, String topic, ByteBuf payload) {
            ctx.writeAndFlush(new MqttPublishMessage(
                    new MqttFixedHeader(MqttMessageType.PUBLISH, false, MqttQoS.AT_MOST_ONCE, false, 0),
                    new MqttPublishVariableHeader(topic, 0),
                    payload));
        }

        /** Pings when nothing was said for long; gives up when nothing was heard for longer. */
        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof IdleStateEvent idle && idle.state() == IdleState.READER_IDLE) {
                close(ctx, "silent hub");
            } else if (event instanceof IdleStateEvent) {
                ctx.writeAndFlush(MqttMessage.PINGREQ);
            } else {
                ctx.fireUserEventTriggered(event);
            }
        }

        private void close(ChannelHandlerContext ctx, String reason) {
            end = reason;
            ctx.flush();
            ctx.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            channel = null;
            open = null;
            cancelTimers();
            if (connected) {
                connected = false;
                fleet.count().connected.decrementAndGet();
            } else {
                fleet.settled();
                failed();
            }
            fleet.again(SimulatedDevice.this, end);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            Throwable root = cause.getCause() == null ? cause : cause.getCause();
            close(ctx, root.getClass().getSimpleName());
        }

        private void cancelTimers() {
            timers.forEach(timer -> timer.cancel(false));
            timers.clear();
        }
    }

    private int nextPacketId() {
        packetId = packetId % PACKET_IDS + 1;
        return packetId;
    }

    private static ObjectNode object(ByteBuf body) {
        try {
            return JSON.readTree(ByteBufUtil.getBytes(body)) instanceof ObjectNode object
                    ? object
                    : JSON.createObjectNode();
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("The hub sent a body that is not JSON", e);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException("A buffer in memory failed", e);
        }
    }

    /** The members of desired that reported lacks or has otherwise. */
    private static ObjectNode missing(JsonNode desired, JsonNode reported) {
        ObjectNode missing = JSON.createObjectNode();
        desired.properties().forEach(member -> {
            if (!member.getValue().equals(reported.get(member.getKey()))) {
                missing.set(member.getKey(), member.getValue());
            }
        });
        return missing;
    }
}
