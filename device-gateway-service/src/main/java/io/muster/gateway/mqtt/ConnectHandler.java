package io.muster.gateway.mqtt;

import io.muster.gateway.connect.Authentication;
import io.muster.gateway.connect.Claim;
import io.muster.gateway.fleet.Fleet;
import io.muster.records.ConnectionTerms;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.mqtt.MqttConnectMessage;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttUnacceptableProtocolVersionException;
import io.netty.handler.codec.mqtt.MqttVersion;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Authenticates a connection: reads the CONNECT, asks the fleet for the device's terms, decides, and makes way for a {@link DeviceHandler}. Everything runs on the channel's own thread. Contract: iot-hub, 4.1.
 */
final class ConnectHandler extends SimpleChannelInboundHandler<MqttMessage> {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectHandler.class);

    /** Bounds the time of a CONNECT, the TLS handshake before it included. */
    static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);

    private final MqttSettings settings;
    private final Fleet fleet;
    private final Connections connections;
    private final GatewayMeters meters;
    private final ConnectLimiter limiter;
    private final HeldPackets held = new HeldPackets();
    private boolean asked;
    private boolean closed;
    private String deviceId = "";

    @SuppressWarnings("NullAway.Init") // Netty calls handlerAdded before anything else.
    private ChannelHandlerContext context;

    /** Handles one connection until its CONNECT is decided on. @param limiter has admitted this connection, which releases it once it is decided on */
    ConnectHandler(MqttSettings settings, Fleet fleet, Connections connections, ConnectLimiter limiter) {
        super(false);
        this.settings = settings;
        this.fleet = fleet;
        this.connections = connections;
        this.meters = connections.meters();
        this.limiter = limiter;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        this.context = ctx;
        ScheduledFuture<?> timer = ctx.executor()
                .schedule(
                        () -> {
                            if (!asked) {
                                close("no CONNECT");
                            }
                        },
                        CONNECT_LIMIT.toMillis(),
                        TimeUnit.MILLISECONDS);
        ctx.channel().closeFuture().addListener(_ -> timer.cancel(false));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, MqttMessage message) {
        if (closed) {
            // Bytes that were read in one piece with the packet for which it was closed.
            HeldPackets.release(message);
        } else if (message.decoderResult().isFailure()) {
            HeldPackets.release(message);
            undecodable(message.decoderResult().cause());
        } else if (asked) {
            if (!held.add(message)) {
                close("too much before CONNACK");
            }
        } else if (message.fixedHeader().messageType() == MqttMessageType.CONNECT) {
            connect((MqttConnectMessage) message);
        } else {
            HeldPackets.release(message);
            close("not a CONNECT");
        }
    }

    private void connect(MqttConnectMessage message) {
        int level = message.variableHeader().version();
        if (level != MqttVersion.MQTT_3_1_1.protocolLevel()) {
            refuse(
                    level == MqttVersion.MQTT_5.protocolLevel()
                            ? MqttConnectReturnCode.CONNECTION_REFUSED_UNSUPPORTED_PROTOCOL_VERSION
                            : MqttConnectReturnCode.CONNECTION_REFUSED_UNACCEPTABLE_PROTOCOL_VERSION,
                    "protocol level");
            return;
        }
        String clientId = message.payload().clientIdentifier();
        String userName =
                message.variableHeader().hasUserName() ? message.payload().userName() : "";
        @Nullable Claim claim = Claim.of(clientId, userName).orElse(null);
        if (claim == null || !settings.authenticator().serves(claim)) {
            refuse(MqttConnectReturnCode.CONNECTION_REFUSED_NOT_AUTHORIZED, "user name");
            return;
        }
        deviceId = claim.id().text();
        @Nullable Runnable will = will(claim, message);
        if (message.variableHeader().isWillFlag() && will == null) {
            refuse(MqttConnectReturnCode.CONNECTION_REFUSED_NOT_AUTHORIZED, "will");
            return;
        }
        asked = true;
        context.channel().config().setAutoRead(false);
        List<X509Certificate> certificates = clientCertificates();
        // Also where the connection is closed meanwhile: its refusal counts.
        fleet.requestConnection(deviceId)
                .whenComplete((terms, _) -> context.executor().execute(() -> {
                    if (terms == null) {
                        refuse(MqttConnectReturnCode.CONNECTION_REFUSED_SERVER_UNAVAILABLE, "no answer of the fleet");
                    } else {
                        decide(claim, certificates, message, will, terms);
                    }
                }));
    }

    private void decide(
            Claim claim,
            List<X509Certificate> certificates,
            MqttConnectMessage message,
            @Nullable Runnable will,
            ConnectionTerms terms) {
        byte @Nullable [] password =
                message.variableHeader().hasPassword() ? message.payload().passwordInBytes() : null;
        Authentication verdict = settings.authenticator()
                .decide(
                        claim,
                        password == null ? null : new String(password, StandardCharsets.UTF_8),
                        certificates,
                        terms,
                        settings.policies().get(),
                        settings.clock().instant());
        switch (verdict) {
            case Authentication.Refused refused -> {
                limiter.refused(context.channel());
                refuse(MqttConnectReturnCode.CONNECTION_REFUSED_NOT_AUTHORIZED, refused.reason());
            }
            case Authentication.Accepted accepted -> {
                if (context.channel().isActive() && !closed) {
                    accepted.until().ifPresent(this::closeAt);
                    accept(claim, message, will, terms);
                }
            }
        }
    }

    /** Gives the connection to the device. */
    private void accept(Claim claim, MqttConnectMessage message, @Nullable Runnable will, ConnectionTerms terms) {
        boolean clean = message.variableHeader().isCleanSession();
        Subscriptions subscriptions = new Subscriptions(
                connections.channels().filters(claim.id()),
                clean ? List.of() : terms.getSubscriptions(),
                clean ? List.of() : terms.getAtLeastOnce());
        DeviceHandler device = new DeviceHandler(
                settings,
                fleet,
                connections,
                new DeviceHandler.Session(deviceId, terms.getEpoch(), subscriptions, will),
                held);
        context.pipeline().replace(this, "device", device);
        device.open(
                clean, claim.modelId().orElse(null), message.variableHeader().keepAliveTimeSeconds());
    }

    /** Returns whether the will has a QoS and a topic with which the device could publish it itself. */
    private static boolean mayBePublished(MqttConnectMessage message) {
        String topic = message.payload().willTopic();
        return message.variableHeader().willQos() < MqttQoS.EXACTLY_ONCE.value()
                && topic.indexOf('#') < 0
                && topic.indexOf('+') < 0;
    }

    private @Nullable Runnable will(Claim claim, MqttConnectMessage message) {
        return message.variableHeader().isWillFlag() && mayBePublished(message)
                ? connections
                        .channels()
                        .will(
                                claim.id(),
                                message.payload().willTopic(),
                                message.payload().willMessageInBytes())
                        .orElse(null)
                : null;
    }

    /** Closes the channel when its token ends; both outlive this handler. */
    private void closeAt(Instant expiry) {
        Channel channel = context.channel();
        long millis =
                Math.max(0, Duration.between(settings.clock().instant(), expiry).toMillis());
        ScheduledFuture<?> timer = channel.eventLoop()
                .schedule(
                        () -> {
                            LOG.info("Closed as its token ended, deviceId={}", deviceId);
                            channel.close();
                        },
                        millis,
                        TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(_ -> timer.cancel(false));
    }

    private List<X509Certificate> clientCertificates() {
        @Nullable SslHandler tls = context.pipeline().get(SslHandler.class);
        try {
            return tls == null
                    ? List.of()
                    : Arrays.stream(tls.engine().getSession().getPeerCertificates())
                            .map(X509Certificate.class::cast)
                            .toList();
        } catch (SSLPeerUnverifiedException e) {
            return List.of();
        }
    }

    private void undecodable(Throwable cause) {
        if (!asked && cause instanceof MqttUnacceptableProtocolVersionException) {
            refuse(MqttConnectReturnCode.CONNECTION_REFUSED_UNACCEPTABLE_PROTOCOL_VERSION, "protocol version");
        } else {
            close("undecodable");
        }
    }

    private void refuse(MqttConnectReturnCode code, String reason) {
        if (!context.channel().isActive() || closed) {
            return;
        }
        closed = true;
        meters.connect(reason);
        log("Refused to connect", reason);
        context.writeAndFlush(Packets.connack(code, false)).addListener(_ -> context.close());
    }

    private void close(String reason) {
        closed = true;
        meters.refusedPacket(reason);
        log("Closed before CONNACK", reason);
        context.close();
    }

    /** Logs a refusal where the fleet was asked, which is limited: anybody who reaches the port can have a line written. */
    private void log(String event, String reason) {
        LOG.atLevel(asked ? Level.INFO : Level.DEBUG).log("{}, deviceId={} reason={}", event, deviceId, reason);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        limiter.release(ctx.channel());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        held.releaseAll();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ConnectionFailures.close(ctx, asked ? deviceId : "", cause, meters);
    }
}
