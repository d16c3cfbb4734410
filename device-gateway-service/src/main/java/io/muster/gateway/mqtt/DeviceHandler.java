package io.muster.gateway.mqtt;

import io.muster.document.IdentityId;
import io.muster.gateway.channel.Channels;
import io.muster.gateway.channel.DeviceConnection;
import io.muster.gateway.channel.Publish;
import io.muster.gateway.channel.Receipt;
import io.muster.gateway.fleet.Fleet;
import io.muster.records.Capability;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceDisconnected;
import io.muster.records.SubscriptionsChanged;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
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
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the MQTT session of a device's connection: packets and their acknowledgement, subscriptions, keep-alive, back pressure, the will and the
 * end. {@link Channels} know what devices publish and are sent. Everything runs on the Netty channel's own thread, but for {@link #execute} and {@link
 * #epoch}, which any thread may call. Packets and deliveries that come before the CONNACK wait for it. Contract: iot-hub, 4.2 and 4.3.
 */
final class DeviceHandler extends SimpleChannelInboundHandler<MqttMessage> implements DeviceConnection {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceHandler.class);
    private static final int PACKET_IDS = 0xffff;
    private static final int UNACKNOWLEDGED = 64;
    /** Bounds the requests of a device in a second: its partition carries out those of many. */
    private static final int REQUESTS_PER_SECOND = 100;
    /** Bounds the requests of a device that was calm before, such as one that was offline. */
    private static final int REQUESTS_AT_ONCE = 1000;

    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(1767);
    private static final Duration RECHECK = Duration.ofMillis(100);
    private static final String LOG_AWAY = "the log is away";
    private static final CompletableFuture<Void> NOTHING_TO_WRITE = CompletableFuture.completedFuture(null);
    /** Bounds how long the CONNACK is awaited. */
    private static final Duration OPENING_LIMIT = Duration.ofSeconds(20);
    /** Bounds how long a gateway that ends waits for answers: schedulers of containers give it little more. */
    static final Duration LONGEST_DRAIN = Duration.ofSeconds(10);

    private enum Phase {
        /** Writes the connection to the log; the CONNACK is to come. */
        OPENING,
        CONNECTED,
        /** Is refused, or has said that it leaves: of packets that are read already nothing is taken. */
        ENDING,
        CLOSED
    }

    /**
     * Makes the handler of a device's connection.
     *
     * @param deviceId of the device, or of the module
     * @param subscriptions as remembered from earlier connections; the handler's own from now on
     * @param will runs when the connection ends without a DISCONNECT
     */
    record Session(
            String deviceId,
            long epoch,
            Subscriptions subscriptions,
            @Nullable Runnable will) {}

    private final MqttSettings settings;
    private final Fleet fleet;
    private final Connections connections;
    private final GatewayMeters meters;
    private final Channels channels;
    private final String deviceId;
    private final IdentityId id;
    private final long epoch;
    private final Subscriptions subscriptions;
    /** Holds what to do when the device acknowledges a packet, by packet id. */
    private final Map<Integer, Supplier<CompletableFuture<Void>>> inFlight = new HashMap<>();

    private final TokenBucket requests;
    /** Notes that requests were counted since the bucket was last seen to hold any. */
    private boolean asked;

    /** Holds what channels keep with the connection, by its class: of most connections nothing. */
    private final Map<Class<?>, Object> kept = new HashMap<>(0);

    private final HeldPackets held;
    private final Queue<Runnable> waitingOut = new ArrayDeque<>();

    private Phase phase = Phase.OPENING;
    private @Nullable Runnable will;
    private boolean draining;
    private boolean throttled;
    private boolean rechecks;
    /** Counts bytes of the device that no broker has acknowledged. */
    private int unacknowledged;

    private int lastPacketId;

    @SuppressWarnings("NullAway.Init") // Netty calls handlerAdded before anything else.
    private ChannelHandlerContext context;

    /** Takes over a connection whose CONNECT was accepted. @param held packets that came before; the handler's own from now on */
    DeviceHandler(MqttSettings settings, Fleet fleet, Connections connections, Session session, HeldPackets held) {
        super(false);
        this.settings = settings;
        this.fleet = fleet;
        this.connections = connections;
        this.meters = connections.meters();
        this.channels = connections.channels();
        this.deviceId = session.deviceId();
        this.id = IdentityId.of(deviceId);
        this.epoch = session.epoch();
        this.subscriptions = session.subscriptions();
        this.will = session.will();
        this.held = held;
        this.requests = new TokenBucket(settings.clock(), REQUESTS_PER_SECOND, REQUESTS_AT_ONCE, REQUESTS_PER_SECOND);
    }

    @Override
    public IdentityId id() {
        return id;
    }

    @Override
    public String deviceId() {
        return deviceId;
    }

    @Override
    public long epoch() {
        return epoch;
    }

    @Override
    public boolean isOpen() {
        return phase == Phase.CONNECTED && context.channel().isActive();
    }

    @Override
    public boolean takes(Capability capability) {
        return subscriptions.contains(capability);
    }

    @Override
    public <T> T kept(Class<T> kind, Supplier<T> made) {
        return kind.cast(kept.computeIfAbsent(kind, _ -> made.get()));
    }

    @Override
    public ByteBufAllocator allocator() {
        return context.alloc();
    }

    @Override
    public EventExecutor executor() {
        return context.executor();
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        this.context = ctx;
    }

    /** Takes the place of an earlier connection, reports to the log, and answers the device then. @param modelId null where the device names none */
    void open(boolean clean, @Nullable String modelId, int keepAlive) {
        @Nullable DeviceHandler earlier = connections.add(deviceId, this);
        if (earlier != null) {
            earlier.closeForAnother();
        }
        CompletableFuture<Void> reported = fleet.report(deviceId, new DeviceConnected(epoch, clean, modelId))
                .orTimeout(OPENING_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        EventLoopCallback.then(context, reported, (_, error) -> {
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
            waitingOut.forEach(Runnable::run);
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
        @Nullable
        Receipt receipt = channels.receive(
                this,
                new Publish(
                        message.variableHeader().topicName(),
                        message.payload(),
                        message.fixedHeader().isRetain()));
        if (receipt == null) {
            refuse("topic");
            return;
        }
        answerWhenWritten(receipt.written(), puback(message));
        if (receipt.cause() == Receipt.Cause.REQUEST) {
            countRequest();
        }
        if (receipt.cause() != Receipt.Cause.AWAITED) {
            throttle();
        }
    }

    /** Returns null where the device wants none. */
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
        EventLoopCallback.then(context, written, (_, error) -> {
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
            if (draining && unacknowledged == 0 && channels.awaits(deviceId).isZero()) {
                context.close();
            }
        });
    }

    /** Stops reading from a device that sends more than can be written, or asks more than its share. Others go on. */
    private void throttle() {
        if (!throttled) {
            throttleOrRead();
        }
    }

    private void countRequest() {
        requests.take();
        asked = true;
    }

    /** Returns whether it asked more than its share; reads no clock for a device that only publishes. */
    private boolean owesRequests() {
        asked = asked && requests.isEmpty();
        return asked;
    }

    private void throttleOrRead() {
        throttled = (unacknowledged >= UNACKNOWLEDGED || owesRequests() || fleet.saturated())
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
        if (message.payload().topicSubscriptions().isEmpty()) {
            refuse("no subscription");
            return;
        }
        List<Integer> granted = new ArrayList<>();
        Map<Capability, MqttQoS> before = subscriptions.snapshot();
        for (MqttTopicSubscription wanted : message.payload().topicSubscriptions()) {
            MqttQoS qos = subscriptions.add(wanted.topicFilter(), wanted.qualityOfService());
            if (qos == MqttQoS.FAILURE) {
                meters.refusedPacket("subscription");
            }
            granted.add(qos.value());
        }
        MqttMessage suback = Packets.suback(message.variableHeader().messageId(), granted);
        reportSubscriptions(!before.equals(subscriptions.snapshot()), suback);
    }

    private void unsubscribe(MqttUnsubscribeMessage message) {
        if (message.payload().topics().isEmpty()) {
            refuse("no subscription");
            return;
        }
        Map<Capability, MqttQoS> before = subscriptions.snapshot();
        subscriptions.remove(message.payload().topics());
        reportSubscriptions(
                !before.equals(subscriptions.snapshot()),
                Packets.unsuback(message.variableHeader().messageId()));
    }

    /** Answers once the log has the subscriptions, so that a device which subscribed to methods can be called. */
    private void reportSubscriptions(boolean changed, MqttMessage answer) {
        if (changed) {
            countRequest();
        }
        answerWhenWritten(
                changed
                        ? fleet.report(
                                deviceId,
                                new SubscriptionsChanged(
                                        epoch,
                                        subscriptions.filters(),
                                        subscriptions.atLeastOnce(),
                                        subscriptions.capabilities()))
                        : NOTHING_TO_WRITE,
                answer);
        throttle();
    }

    /** Runs a delivery on the connection's thread, behind the CONNACK. Any thread. @param taken runs when the thread has it */
    void execute(Runnable taken, Runnable delivery) {
        context.executor().execute(() -> {
            taken.run();
            if (phase == Phase.OPENING) {
                waitingOut.add(delivery);
            } else {
                delivery.run();
            }
        });
    }

    @Override
    public void publish(String topic, ByteBuf payload) {
        write(Packets.publish(topic, payload, MqttQoS.AT_MOST_ONCE, 0));
    }

    @Override
    public void publish(
            Capability capability, String topic, ByteBuf payload, Supplier<CompletableFuture<Void>> acknowledged) {
        MqttQoS qos = subscriptions.qos(capability);
        int packetId = 0;
        if (qos == MqttQoS.AT_LEAST_ONCE) {
            packetId = freePacketId();
            inFlight.put(packetId, acknowledged);
        } else {
            answerWhenWritten(acknowledged.get(), null);
        }
        write(Packets.publish(topic, payload, qos, packetId));
    }

    /** Bounds packet ids: there are far more than messages may wait for a device. */
    private int freePacketId() {
        do {
            lastPacketId = lastPacketId % PACKET_IDS + 1;
        } while (inFlight.containsKey(lastPacketId));
        return lastPacketId;
    }

    private void acknowledged(int packetId) {
        @Nullable Supplier<CompletableFuture<Void>> acknowledged = inFlight.remove(packetId);
        if (acknowledged != null) {
            answerWhenWritten(acknowledged.get(), null);
        }
    }

    /** Ends the connection of a device that takes nothing, and asks for more: bytes for it wait in memory. */
    private void write(MqttMessage message) {
        context.writeAndFlush(message);
        if (!context.channel().isWritable()) {
            refuse("does not read");
        }
    }

    /**
     * Ends with the gateway: the device answers the methods that it was called for, and then connects to another gateway, or to this one again.
     * Nothing is delivered any more. Any thread.
     *
     * @return ends when the connection is closed, within {@link #LONGEST_DRAIN}
     */
    ChannelFuture drain() {
        context.executor().execute(() -> {
            draining = true;
            long most = Math.min(channels.awaits(deviceId).toMillis(), LONGEST_DRAIN.toMillis());
            if (most == 0) {
                context.close();
            } else {
                context.executor().schedule(() -> context.close(), most, TimeUnit.MILLISECONDS);
            }
        });
        return context.channel().closeFuture();
    }

    /** Ends the connection as the fleet decided. */
    void closeFor(String reason) {
        LOG.info("Closed on the fleet's word, deviceId={} reason={}", deviceId, reason);
        context.close();
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
            // A device that is not read can't be heard.
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
        waitingOut.forEach(Runnable::run);
        waitingOut.clear();
        if (will != null) {
            will.run();
        }
        // The epoch fences it, however late it is.
        fleet.reportUntilWritten(deviceId, new DeviceDisconnected(epoch));
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ConnectionFailures.close(ctx, deviceId, cause, meters);
    }

    private void refuse(String reason) {
        if (phase == Phase.OPENING || phase == Phase.CONNECTED) {
            phase = Phase.ENDING;
            meters.refusedPacket(reason);
            LOG.info("Closed, deviceId={} reason={}", deviceId, reason);
            context.close();
        }
    }
}
