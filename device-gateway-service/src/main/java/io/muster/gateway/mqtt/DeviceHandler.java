package io.muster.gateway.mqtt;

import io.muster.document.IdentityId;
import io.muster.gateway.topic.DevicePublish;
import io.muster.gateway.topic.Filters;
import io.muster.records.CloseConnection;
import io.muster.records.DesiredChanged;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceDisconnected;
import io.muster.records.MessageAcknowledged;
import io.muster.records.MessageRequest;
import io.muster.records.MethodRequest;
import io.muster.records.MethodUndelivered;
import io.muster.records.PatchReported;
import io.muster.records.ReportedAnswer;
import io.muster.records.RequestTwin;
import io.muster.records.SubscriptionsChanged;
import io.muster.records.Telemetry;
import io.muster.records.TwinAnswer;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubscribeMessage;
import io.netty.handler.codec.mqtt.MqttTopicSubscription;
import io.netty.handler.codec.mqtt.MqttUnsubscribeMessage;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device's connection. Everything runs on the channel's own thread, but for {@link #deliver} and {@link #epoch}, which any thread may
 * call. What arrives before the CONNACK waits, in both directions. Contract: iot-hub, 4.2 to 4.7.
 */
final class DeviceHandler extends SimpleChannelInboundHandler<MqttMessage> {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceHandler.class);
    private static final int PACKET_IDS = 0xffff;
    private static final int UNACKNOWLEDGED = 64;
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(1767);
    private static final Duration RECHECK = Duration.ofMillis(100);
    private static final String EXPIRED = "expired";
    private static final String LOG_AWAY = "the log is away";
    private static final CompletableFuture<Void> NOTHING_TO_WRITE = CompletableFuture.completedFuture(null);
    /** The CONNACK is not waited for longer. */
    private static final Duration OPENING_LIMIT = Duration.ofSeconds(20);
    /** How long a gateway that ends waits for answers: it keeps within the time that schedulers of containers give. */
    static final Duration LONGEST_DRAIN = Duration.ofSeconds(10);

    private enum Phase {
        /** The log is told; the CONNACK is to come. */
        OPENING,
        CONNECTED,
        /** It is refused, or said that it leaves: of packets that are read already nothing is taken. */
        ENDING,
        CLOSED
    }

    /**
     * Whose connection it is.
     *
     * @param deviceId of the device, or of the module
     * @param subscriptions as remembered from earlier connections; the handler's own from now on
     */
    record Session(
            String deviceId,
            long epoch,
            Subscriptions subscriptions,
            @Nullable Will will) {}

    private final MqttSettings settings;
    private final Fleet fleet;
    private final Connections connections;
    private final GatewayMeters meters;
    private final Calls calls;
    private final String deviceId;
    private final IdentityId id;
    private final long epoch;
    private final Subscriptions subscriptions;
    /** Numbers of messages that the device has not acknowledged, by packet id. */
    private final Map<Integer, Long> unacknowledgedMessages = new HashMap<>();

    private final HeldPackets held;
    private final Queue<Object> waitingOut = new ArrayDeque<>();

    private Phase phase = Phase.OPENING;
    private @Nullable Will will;
    private boolean draining;
    private boolean throttled;
    private boolean rechecks;
    /** How much of what the device said the brokers have not acknowledged. */
    private int unacknowledged;

    private int lastPacketId;

    @SuppressWarnings("NullAway.Init") // Netty calls handlerAdded before anything else.
    private ChannelHandlerContext context;

    /** @param held what came before; the handler's own from now on */
    DeviceHandler(MqttSettings settings, Fleet fleet, Connections connections, Session session, HeldPackets held) {
        super(false);
        this.settings = settings;
        this.fleet = fleet;
        this.connections = connections;
        this.meters = connections.meters();
        this.calls = connections.calls();
        this.deviceId = session.deviceId();
        this.id = IdentityId.of(deviceId);
        this.epoch = session.epoch();
        this.subscriptions = session.subscriptions();
        this.will = session.will();
        this.held = held;
    }

    long epoch() {
        return epoch;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        this.context = ctx;
    }

    /** Takes the place of an earlier connection, tells the log, and then the device. */
    void open(boolean clean, int keepAlive) {
        @Nullable DeviceHandler earlier = connections.add(deviceId, this);
        if (earlier != null) {
            earlier.closeForAnother();
        }
        CompletableFuture<Void> told = fleet.report(deviceId, new DeviceConnected(epoch, clean))
                .orTimeout(OPENING_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        OnLoop.then(context, told, (_, error) -> {
            if (error != null) {
                meters.connect(LOG_AWAY);
                will = null;
                context.writeAndFlush(
                                Packets.connack(MqttConnectReturnCode.CONNECTION_REFUSED_SERVER_UNAVAILABLE, false))
                        .addListener(_ -> context.close());
                return;
            }
            if (phase != Phase.OPENING) {
                return;
            }
            phase = Phase.CONNECTED;
            meters.connect("accepted");
            context.writeAndFlush(Packets.connack(MqttConnectReturnCode.CONNECTION_ACCEPTED, !subscriptions.isEmpty()));
            context.pipeline().addBefore(context.name(), "silence", silence(keepAlive));
            @Nullable MqttMessage early = held.poll();
            while (early != null) {
                handle(early);
                early = held.poll();
            }
            waitingOut.forEach(this::send);
            waitingOut.clear();
            context.channel().config().setAutoRead(!throttled);
        });
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, MqttMessage message) {
        if (message.decoderResult().isFailure()) {
            HeldPackets.release(message);
            refuse("undecodable");
        } else if (phase != Phase.OPENING) {
            handle(message);
        } else if (!held.add(message)) {
            refuse("too much before CONNACK");
        }
    }

    private void handle(MqttMessage message) {
        try {
            if (phase != Phase.CONNECTED) {
                return;
            }
            switch (message.fixedHeader().messageType()) {
                case PUBLISH -> publish((MqttPublishMessage) message);
                case SUBSCRIBE -> subscribe((MqttSubscribeMessage) message);
                case UNSUBSCRIBE -> unsubscribe((MqttUnsubscribeMessage) message);
                case PINGREQ -> write(MqttMessage.PINGRESP);
                case PUBACK -> acknowledged(((MqttMessageIdVariableHeader) message.variableHeader()).messageId());
                case DISCONNECT -> {
                    will = null;
                    phase = Phase.ENDING;
                    context.close();
                }
                case CONNECT -> refuse("second CONNECT");
                default -> refuse("unexpected packet");
            }
        } finally {
            HeldPackets.release(message);
        }
    }

    private static IdleStateHandler silence(int keepAlive) {
        long seconds = keepAlive == 0
                ? LONGEST_SILENCE.toSeconds()
                : Math.min(LONGEST_SILENCE.toSeconds(), Math.round(keepAlive * 1.5));
        return new IdleStateHandler(seconds, 0, 0, TimeUnit.SECONDS);
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
                answerWhenWritten(
                        subscriptions.contains(Filters.TWIN_ANSWERS)
                                ? fleet.report(deviceId, new RequestTwin(epoch, get.rid()))
                                : NOTHING_TO_WRITE,
                        puback(message));
                throttle();
            }
            case DevicePublish.ReportedPatch patch -> {
                meters.received("reported patch");
                reported(message, patch);
                throttle();
            }
            case DevicePublish.MalformedPatch patch -> {
                refusePatch(patch.rid(), "The $version is not a number.");
                answerWhenWritten(NOTHING_TO_WRITE, puback(message));
            }
            case DevicePublish.MethodAnswer answer -> answered(message, answer);
            case DevicePublish.Unknown _ -> refuse("topic");
        }
    }

    private void reported(MqttPublishMessage message, DevicePublish.ReportedPatch patch) {
        CompletableFuture<Void> written = NOTHING_TO_WRITE;
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(message.payload().nioBuffer())
                    .toString();
            written = fleet.report(deviceId, new PatchReported(epoch, patch.rid(), text, patch.expectedVersion()));
        } catch (CharacterCodingException e) {
            refusePatch(patch.rid(), "The patch is not UTF-8.");
        }
        answerWhenWritten(written, puback(message));
    }

    private void refusePatch(String rid, String reason) {
        write(Packets.twinFailure(context.alloc(), rid, Packets.BAD_REQUEST, reason, now()));
    }

    private void answered(MqttPublishMessage message, DevicePublish.MethodAnswer answer) {
        meters.received("method answer");
        boolean waitedFor = calls.isOpen(deviceId, answer.rid());
        answerWhenWritten(
                calls.answered(
                        deviceId,
                        answer.rid(),
                        answer.status(),
                        ByteBuffer.wrap(ByteBufUtil.getBytes(message.payload()))),
                puback(message));
        // There are only as many as there were calls: they are read whatever else waits.
        if (!waitedFor) {
            throttle();
        }
    }

    private void telemetry(MqttPublishMessage message, Map<String, @Nullable String> properties) {
        meters.received("telemetry");
        Map<String, @Nullable String> all = properties;
        if (message.fixedHeader().isRetain()) {
            all = new LinkedHashMap<>(properties);
            all.put("mqtt-retain", "true");
        }
        byte[] body = ByteBufUtil.getBytes(message.payload());
        answerWhenWritten(
                fleet.telemetry(new Telemetry(id.deviceId(), id.moduleId(), now(), all, ByteBuffer.wrap(body))),
                puback(message));
        throttle();
    }

    private void report(Object report) {
        answerWhenWritten(fleet.report(deviceId, report), null);
    }

    /** @return null where the device wants none */
    private static @Nullable MqttMessage puback(MqttPublishMessage message) {
        return message.fixedHeader().qosLevel() == MqttQoS.AT_LEAST_ONCE
                ? Packets.puback(message.variableHeader().packetId())
                : null;
    }

    /**
     * Answers the device when the brokers have what it said; ends the connection where that can't be kept, so that the device says it again.
     *
     * @param answer null for none
     */
    private void answerWhenWritten(CompletableFuture<Void> written, @Nullable MqttMessage answer) {
        unacknowledged++;
        OnLoop.then(context, written, (_, error) -> {
            unacknowledged--;
            if (error != null) {
                refuse(LOG_AWAY);
                return;
            }
            if (answer != null) {
                write(answer);
            }
            if (throttled && unacknowledged == UNACKNOWLEDGED / 2) {
                throttleOrRead();
            }
            if (draining && unacknowledged == 0 && !calls.anyOpen(deviceId)) {
                context.close();
            }
        });
    }

    /** A device that says of itself more than can be written waits; others don't. */
    private void throttle() {
        if (!throttled) {
            throttleOrRead();
        }
    }

    private void throttleOrRead() {
        throttled = (unacknowledged >= UNACKNOWLEDGED || fleet.saturated())
                && context.channel().isActive();
        context.channel().config().setAutoRead(!throttled);
        if (throttled && !rechecks) {
            rechecks = true;
            context.executor()
                    .schedule(
                            () -> {
                                rechecks = false;
                                if (throttled) {
                                    throttleOrRead();
                                }
                            },
                            RECHECK.toMillis(),
                            TimeUnit.MILLISECONDS);
        }
    }

    private void subscribe(MqttSubscribeMessage message) {
        List<Integer> granted = new ArrayList<>();
        Map<String, MqttQoS> before = subscriptions.snapshot();
        for (MqttTopicSubscription wanted : message.payload().topicSubscriptions()) {
            MqttQoS qos = Filters.isAllowed(deviceId, wanted.topicFilter())
                    ? subscriptions.add(wanted.topicFilter(), wanted.qualityOfService())
                    : MqttQoS.FAILURE;
            if (qos == MqttQoS.FAILURE) {
                meters.refusedPacket("subscription");
            }
            granted.add(qos.value());
        }
        MqttMessage suback = Packets.suback(message.variableHeader().messageId(), granted);
        tellSubscriptions(!before.equals(subscriptions.snapshot()), suback);
    }

    private void unsubscribe(MqttUnsubscribeMessage message) {
        Map<String, MqttQoS> before = subscriptions.snapshot();
        subscriptions.remove(message.payload().topics());
        tellSubscriptions(
                !before.equals(subscriptions.snapshot()),
                Packets.unsuback(message.variableHeader().messageId()));
    }

    /** The answer waits for the log, so that who subscribed to methods can be called. */
    private void tellSubscriptions(boolean changed, MqttMessage answer) {
        answerWhenWritten(
                changed
                        ? fleet.report(
                                deviceId,
                                new SubscriptionsChanged(epoch, subscriptions.filters(), subscriptions.atLeastOnce()))
                        : NOTHING_TO_WRITE,
                answer);
        if (unacknowledged >= UNACKNOWLEDGED) {
            throttle();
        }
    }

    /** Hands over what the fleet sent for this connection. Any thread. @param taken runs when the connection's thread has it */
    void deliver(Object delivery, Runnable taken) {
        context.executor().execute(() -> {
            taken.run();
            if (phase == Phase.OPENING) {
                waitingOut.add(delivery);
            } else {
                send(delivery);
            }
        });
    }

    private void send(Object delivery) {
        switch (delivery) {
            case Call call -> method(call);
            case MessageRequest request -> message(request);
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

    private void method(Call call) {
        MethodRequest request = call.request();
        @Nullable
        String obstacle = phase != Phase.CONNECTED || !context.channel().isActive()
                ? "connection closed"
                : !subscriptions.contains(Filters.METHODS)
                        ? "not subscribed"
                        : call.isExpired(System.nanoTime()) ? EXPIRED : null;
        if (obstacle == null) {
            calls.begin(call, context.executor());
            write("method", Packets.method(context.alloc(), request));
        } else {
            meters.delivery("method", obstacle);
            call.ended(obstacle, true, now());
            connections.reportUntilKept(
                    deviceId, new MethodUndelivered(request.getDeliveryId(), obstacle, obstacle.equals(EXPIRED)));
        }
    }

    /** What can't be handed over stays with the fleet, which hands it to the next connection. */
    private void message(MessageRequest request) {
        String filter = Filters.messages(deviceId);
        if (phase != Phase.CONNECTED || !context.channel().isActive() || !subscriptions.contains(filter)) {
            meters.delivery("message", "not subscribed");
            return;
        }
        MqttQoS qos = subscriptions.qos(filter);
        int packetId = 0;
        if (qos == MqttQoS.AT_LEAST_ONCE) {
            packetId = freePacketId();
            unacknowledgedMessages.put(packetId, request.getNumber());
        } else {
            report(new MessageAcknowledged(request.getNumber()));
        }
        write("message", Packets.message(deviceId, request.getMessage(), qos, packetId));
    }

    /** There are far more ids than messages may wait for a device. */
    private int freePacketId() {
        do {
            lastPacketId = lastPacketId % PACKET_IDS + 1;
        } while (unacknowledgedMessages.containsKey(lastPacketId));
        return lastPacketId;
    }

    private void acknowledged(int packetId) {
        @Nullable Long number = unacknowledgedMessages.remove(packetId);
        if (number != null) {
            report(new MessageAcknowledged(number));
        }
    }

    private void write(String kind, MqttMessage message) {
        meters.delivery(kind, "written");
        write(message);
    }

    /** Ends the connection of a device that takes nothing, and asks for more: what is written to it waits in memory. */
    private void write(MqttMessage message) {
        context.writeAndFlush(message);
        if (!context.channel().isWritable()) {
            refuse("does not read");
        }
    }

    /**
     * The gateway ends; the device is to find another, or this one again, when it has answered the methods that it was called for. Nothing
     * is delivered any more. Any thread.
     *
     * @return ends when the connection is closed, within {@link #LONGEST_DRAIN}
     */
    ChannelFuture drain() {
        context.executor().execute(() -> {
            draining = true;
            long most = Math.min(calls.longest(deviceId).toMillis(), LONGEST_DRAIN.toMillis());
            if (most == 0) {
                context.close();
            } else {
                context.executor().schedule(() -> context.close(), most, TimeUnit.MILLISECONDS);
            }
        });
        return context.channel().closeFuture();
    }

    private void closeForAnother() {
        context.executor().execute(() -> {
            LOG.info("Closed for a newer connection, deviceId={} code=400027", deviceId);
            context.close();
        });
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof IdleStateEvent) {
            // Who is not read can't be heard.
            if (!throttled) {
                refuse("silent");
            }
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        held.releaseAll();
        phase = Phase.CLOSED;
        connections.remove(deviceId, this);
        waitingOut.forEach(this::send);
        waitingOut.clear();
        if (will != null) {
            Map<String, @Nullable String> properties = new LinkedHashMap<>(will.properties());
            properties.put("iothub-MessageType", "Will");
            fleet.telemetry(new Telemetry(id.deviceId(), id.moduleId(), now(), properties, will.body()));
        }
        // The epoch fences it, however late it is.
        connections.reportUntilKept(deviceId, new DeviceDisconnected(epoch));
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Broken.close(ctx, deviceId, cause, meters);
    }

    private void refuse(String reason) {
        if (phase == Phase.OPENING || phase == Phase.CONNECTED) {
            phase = Phase.ENDING;
            meters.refusedPacket(reason);
            LOG.info("Closed, deviceId={} reason={}", deviceId, reason);
            context.close();
        }
    }

    private Instant now() {
        return settings.clock().instant();
    }
}
