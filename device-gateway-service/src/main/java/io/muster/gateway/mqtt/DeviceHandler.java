package io.muster.gateway.mqtt;

import io.muster.gateway.connect.Claim;
import io.muster.gateway.connect.Verdict;
import io.muster.gateway.topic.DevicePublish;
import io.muster.gateway.topic.Filters;
import io.muster.records.CloseConnection;
import io.muster.records.ConnectionTerms;
import io.muster.records.DesiredChanged;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceDisconnected;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.records.MethodUndelivered;
import io.muster.records.PatchReported;
import io.muster.records.ReportedAnswer;
import io.muster.records.RequestTwin;
import io.muster.records.SubscriptionsChanged;
import io.muster.records.Telemetry;
import io.muster.records.TwinAnswer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.mqtt.MqttConnectMessage;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubscribeMessage;
import io.netty.handler.codec.mqtt.MqttTopicSubscription;
import io.netty.handler.codec.mqtt.MqttUnacceptableProtocolVersionException;
import io.netty.handler.codec.mqtt.MqttUnsubscribeMessage;
import io.netty.handler.codec.mqtt.MqttVersion;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection. Everything runs on the channel's own thread, but for {@link #deliver} and {@link #epoch}, which any thread may call.
 * What arrives before the CONNACK waits, in both directions. Contract: iot-hub, section 4.
 */
final class DeviceHandler extends SimpleChannelInboundHandler<MqttMessage> {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceHandler.class);
    private static final int SUBSCRIPTIONS = 10;
    private static final int WAITING = 100;
    private static final int UNACKNOWLEDGED = 64;
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(1767);
    private static final Duration RECHECK = Duration.ofMillis(10);
    private static final Duration SHUTDOWN = Duration.ofSeconds(1);
    private static final long NO_EPOCH = -1;

    private enum Phase {
        /** Nothing was said yet. */
        NEW,
        /** The fleet is asked; the CONNACK is to come. */
        CONNECTING,
        CONNECTED,
        CLOSED
    }

    private final MqttSettings settings;
    private final Fleet fleet;
    private final Connections connections;
    private final GatewayMeters meters;
    private final Queue<MqttMessage> waitingIn = new ArrayDeque<>();
    private final Queue<Object> waitingOut = new ArrayDeque<>();
    private final Set<String> subscriptions = new LinkedHashSet<>();

    private Phase phase = Phase.NEW;
    private String deviceId = "";
    private volatile long epoch = NO_EPOCH;
    private @Nullable ByteBuffer will;
    private Map<String, @Nullable String> willProperties = Map.of();
    private int unacknowledged;

    @SuppressWarnings("NullAway.Init") // Netty calls handlerAdded before anything else.
    private ChannelHandlerContext context;

    DeviceHandler(MqttSettings settings, Fleet fleet, Connections connections, GatewayMeters meters) {
        super(false);
        this.settings = settings;
        this.fleet = fleet;
        this.connections = connections;
        this.meters = meters;
    }

    long epoch() {
        return epoch;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        this.context = ctx;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, MqttMessage message) {
        if (message.decoderResult().isFailure()) {
            undecodable(message);
        } else if (phase == Phase.CONNECTING) {
            hold(message);
        } else {
            handle(message);
        }
    }

    private void hold(MqttMessage message) {
        if (waitingIn.size() >= WAITING) {
            release(message);
            refuse("too much before CONNACK");
        } else {
            waitingIn.add(message);
        }
    }

    private void handle(MqttMessage message) {
        try {
            MqttMessageType type = message.fixedHeader().messageType();
            if (phase == Phase.CLOSED) {
                return;
            }
            if ((type == MqttMessageType.CONNECT) != (phase == Phase.NEW)) {
                refuse(phase == Phase.NEW ? "not a CONNECT" : "second CONNECT");
                return;
            }
            switch (type) {
                case CONNECT -> connect((MqttConnectMessage) message);
                case PUBLISH -> publish((MqttPublishMessage) message);
                case SUBSCRIBE -> subscribe((MqttSubscribeMessage) message);
                case UNSUBSCRIBE -> unsubscribe((MqttUnsubscribeMessage) message);
                case PINGREQ -> context.writeAndFlush(MqttMessage.PINGRESP);
                case PUBACK -> {}
                case DISCONNECT -> {
                    will = null;
                    context.close();
                }
                default -> refuse("unexpected " + type);
            }
        } finally {
            release(message);
        }
    }

    private void connect(MqttConnectMessage message) {
        int level = message.variableHeader().version();
        if (level != MqttVersion.MQTT_3_1_1.protocolLevel()) {
            refuseConnect(
                    level == MqttVersion.MQTT_5.protocolLevel()
                            ? MqttConnectReturnCode.CONNECTION_REFUSED_UNSUPPORTED_PROTOCOL_VERSION
                            : MqttConnectReturnCode.CONNECTION_REFUSED_UNACCEPTABLE_PROTOCOL_VERSION,
                    "protocol level " + level);
            return;
        }
        String clientId = message.payload().clientIdentifier();
        String userName =
                message.variableHeader().hasUserName() ? message.payload().userName() : "";
        Claim claim = Claim.of(clientId, userName).orElse(null);
        if (claim == null || !settings.doorkeeper().serves(claim)) {
            refuseConnect(MqttConnectReturnCode.CONNECTION_REFUSED_NOT_AUTHORIZED, "user name");
            return;
        }
        deviceId = claim.deviceId();
        phase = Phase.CONNECTING;
        context.channel().config().setAutoRead(false);
        byte @Nullable [] password =
                message.variableHeader().hasPassword() ? message.payload().passwordInBytes() : null;
        boolean clean = message.variableHeader().isCleanSession();
        int keepAlive = message.variableHeader().keepAliveTimeSeconds();
        rememberWill(message);
        onLoop(fleet.requestConnection(deviceId), (terms, error) -> {
            if (terms == null) {
                refuseConnect(MqttConnectReturnCode.CONNECTION_REFUSED_SERVER_UNAVAILABLE, "no answer of the fleet");
            } else {
                decide(claim, password, clean, keepAlive, terms);
            }
        });
    }

    private void decide(Claim claim, byte @Nullable [] password, boolean clean, int keepAlive, ConnectionTerms terms) {
        Verdict verdict = settings.doorkeeper()
                .decide(
                        claim,
                        password == null ? null : new String(password, StandardCharsets.UTF_8),
                        clientCertificate(),
                        terms,
                        settings.policies().get(),
                        settings.clock().instant());
        switch (verdict) {
            case Verdict.Refused refused ->
                refuseConnect(MqttConnectReturnCode.CONNECTION_REFUSED_NOT_AUTHORIZED, refused.reason());
            case Verdict.Accepted accepted -> {
                accepted.until().ifPresent(this::closeAt);
                accept(terms, clean, keepAlive);
            }
        }
    }

    private void accept(ConnectionTerms terms, boolean clean, int keepAlive) {
        epoch = terms.getEpoch();
        if (!clean) {
            subscriptions.addAll(terms.getSubscriptions());
        }
        @Nullable DeviceHandler earlier = connections.add(deviceId, this);
        if (earlier != null) {
            earlier.closeForAnother();
        }
        onLoop(fleet.report(deviceId, new DeviceConnected(epoch, clean)), (_, error) -> {
            if (error != null) {
                refuseConnect(MqttConnectReturnCode.CONNECTION_REFUSED_SERVER_UNAVAILABLE, "the log is away");
                return;
            }
            phase = Phase.CONNECTED;
            meters.connect("accepted");
            context.writeAndFlush(Packets.connack(MqttConnectReturnCode.CONNECTION_ACCEPTED, !subscriptions.isEmpty()));
            context.pipeline().addBefore(context.name(), "silence", silence(keepAlive));
            while (!waitingIn.isEmpty() && phase == Phase.CONNECTED) {
                handle(waitingIn.remove());
            }
            waitingOut.forEach(this::send);
            waitingOut.clear();
            context.channel().config().setAutoRead(true);
        });
    }

    private static IdleStateHandler silence(int keepAlive) {
        long seconds = keepAlive == 0
                ? LONGEST_SILENCE.toSeconds()
                : Math.min(LONGEST_SILENCE.toSeconds(), Math.round(keepAlive * 1.5));
        return new IdleStateHandler(seconds, 0, 0, TimeUnit.SECONDS);
    }

    private void rememberWill(MqttConnectMessage message) {
        if (message.variableHeader().isWillFlag()
                && DevicePublish.parse(deviceId, message.payload().willTopic())
                        instanceof DevicePublish.Telemetry telemetry) {
            will = ByteBuffer.wrap(message.payload().willMessageInBytes());
            willProperties = telemetry.properties();
        }
    }

    private void publish(MqttPublishMessage message) {
        if (message.fixedHeader().qosLevel() == MqttQoS.EXACTLY_ONCE) {
            refuse("QoS 2");
            return;
        }
        if (message.payload().readableBytes() > settings.largestMessage()) {
            refuse("message too large");
            return;
        }
        switch (DevicePublish.parse(deviceId, message.variableHeader().topicName())) {
            case DevicePublish.Telemetry telemetry -> telemetry(message, telemetry.properties());
            case DevicePublish.TwinGet get -> {
                meters.received("twin get");
                if (subscriptions.contains(Filters.TWIN_ANSWERS)) {
                    fleet.report(deviceId, new RequestTwin(epoch, get.rid()));
                }
                acknowledge(message);
            }
            case DevicePublish.ReportedPatch patch -> {
                meters.received("reported patch");
                reported(message, patch);
            }
            case DevicePublish.MethodAnswer answer -> {
                meters.received("method answer");
                fleet.report(
                        deviceId,
                        new MethodAnswered(
                                answer.rid(),
                                answer.status(),
                                ByteBuffer.wrap(ByteBufUtil.getBytes(message.payload()))));
                acknowledge(message);
            }
            case DevicePublish.Unknown _ -> refuse("topic");
        }
        throttle();
    }

    private void reported(MqttPublishMessage message, DevicePublish.ReportedPatch patch) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(message.payload().nioBuffer())
                    .toString();
            fleet.report(deviceId, new PatchReported(epoch, patch.rid(), text, patch.expectedVersion()));
        } catch (CharacterCodingException e) {
            context.writeAndFlush(Packets.twinFailure(
                    context.alloc(), patch.rid(), Packets.BAD_REQUEST, "The patch is not UTF-8.", now()));
        }
        acknowledge(message);
    }

    private void telemetry(MqttPublishMessage message, Map<String, @Nullable String> properties) {
        meters.received("telemetry");
        Map<String, @Nullable String> all = properties;
        if (message.fixedHeader().isRetain()) {
            all = new LinkedHashMap<>(properties);
            all.put("mqtt-retain", "true");
        }
        boolean awaited = message.fixedHeader().qosLevel() == MqttQoS.AT_LEAST_ONCE;
        int packetId = message.variableHeader().packetId();
        unacknowledged++;
        byte[] body = ByteBufUtil.getBytes(message.payload());
        onLoop(fleet.telemetry(new Telemetry(deviceId, null, now(), all, ByteBuffer.wrap(body))), (_, error) -> {
            unacknowledged--;
            if (error != null) {
                refuse("the log is away");
            } else if (awaited) {
                context.writeAndFlush(Packets.puback(packetId));
            }
        });
    }

    /** A device that says more than can be written waits; others don't. */
    private void throttle() {
        if (unacknowledged < UNACKNOWLEDGED && !fleet.saturated()) {
            context.channel().config().setAutoRead(phase != Phase.CONNECTING);
        } else if (context.channel().isActive()) {
            context.channel().config().setAutoRead(false);
            context.executor().schedule(this::throttle, RECHECK.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void acknowledge(MqttPublishMessage message) {
        if (message.fixedHeader().qosLevel() == MqttQoS.AT_LEAST_ONCE) {
            context.writeAndFlush(Packets.puback(message.variableHeader().packetId()));
        }
    }

    private void subscribe(MqttSubscribeMessage message) {
        List<Integer> granted = new ArrayList<>();
        Set<String> before = Set.copyOf(subscriptions);
        for (MqttTopicSubscription wanted : message.payload().topicSubscriptions()) {
            boolean allowed = Filters.isAllowed(deviceId, wanted.topicFilter())
                    && (subscriptions.contains(wanted.topicFilter()) || subscriptions.size() < SUBSCRIPTIONS);
            if (allowed) {
                subscriptions.add(wanted.topicFilter());
                granted.add(Math.min(wanted.qualityOfService().value(), MqttQoS.AT_LEAST_ONCE.value()));
            } else {
                meters.refusedPacket("subscription");
                granted.add(MqttQoS.FAILURE.value());
            }
        }
        MqttMessage suback = Packets.suback(message.variableHeader().messageId(), granted);
        tellSubscriptions(!before.equals(subscriptions), suback);
    }

    private void unsubscribe(MqttUnsubscribeMessage message) {
        boolean changed = subscriptions.removeAll(Set.copyOf(message.payload().topics()));
        tellSubscriptions(changed, Packets.unsuback(message.variableHeader().messageId()));
    }

    /** The answer waits for the log, so that who subscribed to methods can be called. */
    private void tellSubscriptions(boolean changed, MqttMessage answer) {
        CompletableFuture<Void> told = changed
                ? fleet.report(deviceId, new SubscriptionsChanged(epoch, List.copyOf(subscriptions)))
                : CompletableFuture.completedFuture(null);
        onLoop(told, (_, error) -> {
            if (error != null) {
                refuse("the log is away");
            } else {
                context.writeAndFlush(answer);
            }
        });
    }

    /** Hands over what the fleet sent for this connection. Any thread. */
    void deliver(Object delivery) {
        context.executor().execute(() -> {
            if (phase == Phase.CONNECTING) {
                waitingOut.add(delivery);
            } else {
                send(delivery);
            }
        });
    }

    private void send(Object delivery) {
        switch (delivery) {
            case MethodRequest request -> method(request);
            case DesiredChanged change -> {
                if (subscriptions.contains(Filters.DESIRED)) {
                    write("desired", Packets.desired(context.alloc(), change));
                }
            }
            case TwinAnswer answer -> write("twin", Packets.twin(context.alloc(), answer));
            case ReportedAnswer answer -> {
                if (subscriptions.contains(Filters.TWIN_ANSWERS)) {
                    write("reported", Packets.reported(context.alloc(), answer, now()));
                }
            }
            case CloseConnection close -> {
                LOG.info("Closed on the fleet's word, deviceId={} reason={}", deviceId, close.getReason());
                context.close();
            }
            default -> throw new IllegalStateException("not for a connection, class=" + delivery.getClass());
        }
    }

    private void method(MethodRequest request) {
        @Nullable
        String obstacle = phase != Phase.CONNECTED || !context.channel().isActive()
                ? "connection closed"
                : !subscriptions.contains(Filters.METHODS)
                        ? "not subscribed"
                        : now().isAfter(request.getExpiresAt()) ? "expired" : null;
        if (obstacle == null) {
            write("method", Packets.method(context.alloc(), request));
        } else {
            meters.delivery("method", obstacle);
            fleet.report(deviceId, new MethodUndelivered(request.getDeliveryId(), obstacle));
        }
    }

    private void write(String kind, MqttMessage message) {
        meters.delivery(kind, "written");
        context.writeAndFlush(message);
        if (!context.channel().isWritable()) {
            refuse("does not read");
        }
    }

    /** The gateway ends; the device is to find another, or this one again. Any thread. */
    void closeForShutdown() {
        context.close().awaitUninterruptibly(SHUTDOWN.toMillis());
    }

    private void closeForAnother() {
        context.executor().execute(() -> {
            LOG.info("Closed for a newer connection, deviceId={} code=400027", deviceId);
            context.close();
        });
    }

    private void closeAt(Instant expiry) {
        long millis = Math.max(0, Duration.between(now(), expiry).toMillis());
        context.executor()
                .schedule(
                        () -> {
                            if (phase != Phase.CLOSED) {
                                LOG.info("Closed as its token ended, deviceId={}", deviceId);
                                context.close();
                            }
                        },
                        millis,
                        TimeUnit.MILLISECONDS);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof IdleStateEvent) {
            refuse("silent");
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        waitingIn.forEach(DeviceHandler::release);
        waitingIn.clear();
        phase = Phase.CLOSED;
        if (epoch != NO_EPOCH) {
            connections.remove(deviceId, this);
            waitingOut.forEach(this::send);
            waitingOut.clear();
            sendWill();
            fleet.report(deviceId, new DeviceDisconnected(epoch));
        }
        ctx.fireChannelInactive();
    }

    private void sendWill() {
        if (will != null) {
            Map<String, @Nullable String> properties = new LinkedHashMap<>(willProperties);
            properties.put("iothub-MessageType", "Will");
            fleet.telemetry(new Telemetry(deviceId, null, now(), properties, will));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        String reason = cause instanceof DecoderException ? "undecodable" : "broken connection";
        LOG.info("Closed, deviceId={} reason={} cause={}", deviceId, reason, cause.toString());
        meters.refusedPacket(reason);
        ctx.close();
    }

    private void undecodable(MqttMessage message) {
        release(message);
        if (phase == Phase.NEW && message.decoderResult().cause() instanceof MqttUnacceptableProtocolVersionException) {
            refuseConnect(MqttConnectReturnCode.CONNECTION_REFUSED_UNACCEPTABLE_PROTOCOL_VERSION, "protocol version");
        } else {
            refuse("undecodable");
        }
    }

    private void refuseConnect(MqttConnectReturnCode code, String reason) {
        meters.connect(reason);
        LOG.info("Refused to connect, deviceId={} reason={}", deviceId, reason);
        will = null;
        context.writeAndFlush(Packets.connack(code, false)).addListener(_ -> context.close());
    }

    private void refuse(String reason) {
        if (phase != Phase.CLOSED) {
            meters.refusedPacket(reason);
            LOG.info("Closed, deviceId={} reason={}", deviceId, reason);
            context.close();
        }
    }

    private byte @Nullable [] clientCertificate() {
        @Nullable SslHandler tls = context.pipeline().get(SslHandler.class);
        try {
            return tls == null
                    ? null
                    : tls.engine().getSession().getPeerCertificates()[0].getEncoded();
        } catch (SSLPeerUnverifiedException | java.security.cert.CertificateEncodingException e) {
            return null;
        }
    }

    private Instant now() {
        return settings.clock().instant();
    }

    private <T> void onLoop(
            CompletableFuture<T> future, java.util.function.BiConsumer<@Nullable T, @Nullable Throwable> action) {
        future.whenComplete((value, error) -> context.executor().execute(() -> {
            if (phase != Phase.CLOSED) {
                action.accept(value, error);
            }
        }));
    }

    private static void release(MqttMessage message) {
        if (message instanceof MqttPublishMessage publish) {
            ByteBuf payload = publish.content();
            payload.release();
        }
    }
}
