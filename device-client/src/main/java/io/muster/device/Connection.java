package io.muster.device;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.mqtt.MqttConnAckMessage;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttPublishVariableHeader;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubAckMessage;
import io.netty.handler.codec.mqtt.MqttVersion;
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Is one connection of a device, from its CONNECT to its end. For the device's thread. Contract: iot-hub, section 4. */
final class Connection extends SimpleChannelInboundHandler<MqttMessage> {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);
    private static final Duration TWIN_LIMIT = Duration.ofSeconds(60);
    private static final int REFUSED = 300;
    /** Renews a token when about three quarters of its life are over; not all devices at once. */
    private static final double RENEWED_FROM = 0.7;

    private static final double RENEWED_UNTIL = 0.8;

    private enum Phase {
        CONNECTING,
        SUBSCRIBING,
        CONNECTED,
        ENDED
    }

    /** Waits for the hub's answer about a twin. */
    private record TwinRequest(
            CompletableFuture<Topics.Incoming.TwinAnswer> answer, StringBuilder body, Future<?> limit) {}

    /** Waits for the hub's PUBACK. */
    private record InFlight(CompletableFuture<Void> acknowledged, int bytes) {}

    private final DeviceClient device;
    private Phase phase = Phase.CONNECTING;
    private String end = "lost";
    private @Nullable Future<?> timer;
    private @Nullable Future<?> pings;
    private @Nullable Map<Integer, InFlight> inFlight;
    private long bytesInFlight;
    private @Nullable Map<String, TwinRequest> twinRequests;
    private int subscribeId;
    /** Holds when the CONNECT or the PINGREQ was sent that is not answered yet; null for none. */
    private @Nullable Long askedAt;

    private @Nullable Instant renewAt;

    @SuppressWarnings("NullAway.Init") // Netty calls handlerAdded before anything else.
    private ChannelHandlerContext context;

    Connection(DeviceClient device) {
        this.device = device;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        this.context = ctx;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        DeviceConnector connector = device.connector();
        MqttMessageBuilders.ConnectBuilder connect = MqttMessageBuilders.connect()
                .protocolVersion(MqttVersion.MQTT_3_1_1)
                .clientId(device.deviceId())
                .username(connector.hub().hubHost() + "/" + device.deviceId()
                        + "/?api-version=2021-04-12&DeviceClientType=" + connector.clientType())
                .hasUser(true)
                .cleanSession(false)
                .keepAlive(connector.keepAliveSeconds());
        switch (device.credentials()) {
            case Credentials.Tokens tokens -> {
                Instant now = connector.now();
                long life = tokens.life().toMillis();
                String token = tokens.signer().sign(device.deviceId(), now.plusMillis(life));
                connect.hasPassword(true).password(token.getBytes(StandardCharsets.UTF_8));
                renewAt = now.plusMillis(
                        (long) (life * ThreadLocalRandom.current().nextDouble(RENEWED_FROM, RENEWED_UNTIL)));
            }
            case Credentials.Certificate _ -> connect.hasPassword(false);
        }
        askedAt = System.nanoTime();
        context.writeAndFlush(connect.build());
        timer = device.schedule(() -> close("no answer to CONNECT"), CONNECT_LIMIT.toMillis());
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, MqttMessage message) {
        if (message.decoderResult().isFailure()) {
            close("undecodable packet");
            return;
        }
        if (phase == Phase.ENDED) {
            return;
        }
        switch (message.fixedHeader().messageType()) {
            case CONNACK -> accepted((MqttConnAckMessage) message);
            case SUBACK -> subscribed((MqttSubAckMessage) message);
            case PUBLISH -> published((MqttPublishMessage) message);
            case PUBACK -> acknowledged(((MqttMessageIdVariableHeader) message.variableHeader()).messageId());
            case PINGRESP -> answered();
            default -> close("unexpected packet");
        }
    }

    private void accepted(MqttConnAckMessage message) {
        if (phase != Phase.CONNECTING) {
            close("unexpected CONNACK");
            return;
        }
        MqttConnectReturnCode code = message.variableHeader().connectReturnCode();
        if (code != MqttConnectReturnCode.CONNECTION_ACCEPTED) {
            close(code.name().toLowerCase(Locale.ROOT).replace('_', ' '));
            return;
        }
        answered();
        phase = Phase.SUBSCRIBING;
        subscribeId = device.nextPacketId();
        MqttMessageBuilders.SubscribeBuilder subscribe =
                MqttMessageBuilders.subscribe().messageId(subscribeId);
        filters()
                .forEach(filter -> subscribe.addSubscription(
                        filter.startsWith("$") ? MqttQoS.AT_MOST_ONCE : MqttQoS.AT_LEAST_ONCE, filter));
        context.writeAndFlush(subscribe.build());
        device.accepted(this);
    }

    private List<String> filters() {
        return Topics.filters(device.deviceId(), device.program().subscriptions());
    }

    private void subscribed(MqttSubAckMessage message) {
        List<Integer> granted = message.payload().grantedQoSLevels();
        if (phase != Phase.SUBSCRIBING
                || message.variableHeader().messageId() != subscribeId
                || granted.size() != filters().size()) {
            close("unexpected SUBACK");
            return;
        }
        if (granted.stream().anyMatch(qos -> qos > MqttQoS.EXACTLY_ONCE.value())) {
            close("subscription refused");
            return;
        }
        phase = Phase.CONNECTED;
        cancel(timer);
        timer = null;
        if (renewAt != null) {
            // A token is renewed by connecting again, as the SDKs do.
            timer = device.schedule(
                    () -> leave("token renewed"),
                    Math.max(
                            0,
                            Duration.between(device.connector().now(), renewAt).toMillis()));
        }
        @Nullable LeaseWatch lease = device.lease();
        if (lease != null) {
            long every = Math.max(1, lease.pingEvery().toMillis());
            pings = context.executor().scheduleAtFixedRate(this::ping, every, every, TimeUnit.MILLISECONDS);
        }
        run(device::subscribed);
    }

    private void published(MqttPublishMessage message) {
        if (phase == Phase.CONNECTING || message.fixedHeader().qosLevel() == MqttQoS.EXACTLY_ONCE) {
            close("unexpected PUBLISH");
            return;
        }
        int packetId = message.fixedHeader().qosLevel() == MqttQoS.AT_LEAST_ONCE
                ? message.variableHeader().packetId()
                : 0;
        byte[] body = ByteBufUtil.getBytes(message.payload());
        switch (Topics.parse(device.deviceId(), message.variableHeader().topicName())) {
            case Topics.Incoming.Method method -> {
                call(new MethodCall(method.name(), method.id(), body));
                acknowledge(packetId);
            }
            case Topics.Incoming.DesiredChange _ -> {
                run(() -> device.program().desiredChanged(device, new String(body, StandardCharsets.UTF_8)));
                acknowledge(packetId);
            }
            case Topics.Incoming.TwinAnswer answer -> {
                twinAnswered(answer, body);
                acknowledge(packetId);
            }
            case Topics.Incoming.Message received -> message(received.bag(), body, packetId);
            case Topics.Incoming.Orders orders -> {
                run(() -> device.program().tasksOrdered(device, new TaskOrders(orders.poolId(), body)));
                acknowledge(packetId);
            }
            // A hub of another version may know topics that this program does not.
            case Topics.Incoming.Unknown _ -> acknowledge(packetId);
        }
    }

    private void call(MethodCall call) {
        CompletionStage<MethodAnswer> stage;
        try {
            stage = device.program().call(device, call);
        } catch (RuntimeException e) {
            stage = CompletableFuture.failedFuture(e);
        }
        stage.whenComplete((answer, error) -> {
            MethodAnswer given = error == null && answer != null
                    ? answer
                    : MethodAnswer.failed(MethodAnswer.message("The device failed to answer."));
            device.whenAccepted(now -> now.answer(call.id(), given));
        });
    }

    private void answer(String id, MethodAnswer answer) {
        write(Topics.answer(answer.status(), id), answer.payload(), MqttQoS.AT_MOST_ONCE, 0);
    }

    private void message(String bag, byte[] body, int packetId) {
        run(() -> device.program()
                .message(device, new CloudMessage(PropertyBag.parse(bag), body))
                .whenComplete((_, error) -> {
                    if (error == null) {
                        context.executor().execute(() -> acknowledge(packetId));
                    }
                }));
    }

    private void acknowledge(int packetId) {
        if (packetId != 0 && phase != Phase.ENDED) {
            context.writeAndFlush(
                    MqttMessageBuilders.pubAck().packetId(packetId).build());
        }
    }

    /** Publishes with QoS 1. @return ends when the hub has acknowledged it */
    CompletableFuture<Void> publish(String topic, byte[] body, Window window) {
        if (inFlight == null) {
            inFlight = new HashMap<>();
        }
        if (!window.hasRoom(inFlight.size(), bytesInFlight)) {
            return CompletableFuture.failedFuture(new IllegalStateException(
                    inFlight.size() + " events wait for the hub: send more when it has acknowledged some."));
        }
        int packetId = device.nextPacketId();
        while (inFlight.containsKey(packetId)) {
            packetId = device.nextPacketId();
        }
        CompletableFuture<Void> acknowledged = new CompletableFuture<>();
        inFlight.put(packetId, new InFlight(acknowledged, body.length));
        bytesInFlight += body.length;
        write(topic, body, MqttQoS.AT_LEAST_ONCE, packetId);
        return acknowledged;
    }

    private void acknowledged(int packetId) {
        @Nullable InFlight waiting = inFlight == null ? null : inFlight.remove(packetId);
        if (waiting != null) {
            bytesInFlight -= waiting.bytes();
            waiting.acknowledged().complete(null);
        }
    }

    CompletableFuture<String> twin() {
        StringBuilder body = new StringBuilder();
        return askOfTwin(Topics.TWIN_GET, new byte[0], body).thenApply(_ -> body.toString());
    }

    CompletableFuture<Long> patchReported(byte[] patch) {
        return askOfTwin(Topics.REPORTED, patch, new StringBuilder()).thenApply(Topics.Incoming.TwinAnswer::version);
    }

    private CompletableFuture<Topics.Incoming.TwinAnswer> askOfTwin(
            String topic, byte[] body, StringBuilder answerBody) {
        if (twinRequests == null) {
            twinRequests = new HashMap<>();
        }
        String rid = device.nextRequest();
        CompletableFuture<Topics.Incoming.TwinAnswer> answer = new CompletableFuture<>();
        Future<?> limit = device.schedule(
                () -> {
                    if (twinRequests != null && twinRequests.remove(rid) != null) {
                        answer.completeExceptionally(new NotConnectedException(device.deviceId()));
                    }
                },
                TWIN_LIMIT.toMillis());
        twinRequests.put(rid, new TwinRequest(answer, answerBody, limit));
        write(topic + rid, body, MqttQoS.AT_MOST_ONCE, 0);
        return answer;
    }

    private void twinAnswered(Topics.Incoming.TwinAnswer answer, byte[] body) {
        @Nullable TwinRequest request = twinRequests == null ? null : twinRequests.remove(answer.rid());
        if (request == null) {
            return;
        }
        request.limit().cancel(false);
        String text = new String(body, StandardCharsets.UTF_8);
        if (answer.status() >= REFUSED) {
            request.answer().completeExceptionally(new TwinRefusedException(answer.status(), text));
        } else {
            request.body().append(text);
            request.answer().complete(answer);
        }
    }

    private void write(String topic, byte[] body, MqttQoS qos, int packetId) {
        context.writeAndFlush(new MqttPublishMessage(
                new MqttFixedHeader(MqttMessageType.PUBLISH, false, qos, false, 0),
                new MqttPublishVariableHeader(topic, packetId),
                Unpooled.wrappedBuffer(body)));
    }

    /** Runs work of the program; a failure of it ends the connection. */
    void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            close("program failed: " + e.getClass().getSimpleName());
        }
    }

    private void ping() {
        if (askedAt == null) {
            askedAt = System.nanoTime();
            context.writeAndFlush(MqttMessage.PINGREQ);
        }
    }

    private void answered() {
        @Nullable LeaseWatch lease = device.lease();
        if (lease != null && askedAt != null) {
            lease.answered(askedAt);
        }
        askedAt = null;
    }

    /** Pings when nothing was said for long; closes when nothing was heard for longer. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof IdleStateEvent idle && idle.state() == IdleState.READER_IDLE) {
            close("silent hub");
        } else if (event instanceof IdleStateEvent) {
            ping();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    /** Says DISCONNECT, behind all that was written, and closes. */
    void leave(String reason) {
        if (phase == Phase.SUBSCRIBING || phase == Phase.CONNECTED) {
            context.write(MqttMessage.DISCONNECT);
        }
        close(reason);
    }

    void close(String reason) {
        if (phase != Phase.ENDED) {
            phase = Phase.ENDED;
            end = reason;
            context.flush();
            context.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        phase = Phase.ENDED;
        cancel(timer);
        cancel(pings);
        device.ended(this, end);
        failAll();
    }

    private void failAll() {
        NotConnectedException lost = new NotConnectedException(device.deviceId());
        @Nullable Map<Integer, InFlight> events = inFlight;
        @Nullable Map<String, TwinRequest> requests = twinRequests;
        inFlight = null;
        twinRequests = null;
        if (events != null) {
            events.values().forEach(event -> event.acknowledged().completeExceptionally(lost));
        }
        if (requests != null) {
            requests.values().forEach(request -> {
                request.limit().cancel(false);
                request.answer().completeExceptionally(lost);
            });
        }
    }

    private static void cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable root = Objects.requireNonNullElse(cause.getCause(), cause);
        close(root.getClass().getSimpleName());
    }
}
