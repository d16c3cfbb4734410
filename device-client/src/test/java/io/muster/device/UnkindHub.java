package io.muster.device;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.mqtt.MqttConnectMessage;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttDecoder;
import io.netty.handler.codec.mqtt.MqttEncoder;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubscribeMessage;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Serves MQTT to devices as a hub does, unless a test has it do otherwise: it is as late, wrong and abrupt as a network and a hub under load can be. Packets
 * of devices are remembered as text.
 */
final class UnkindHub implements AutoCloseable {
    /** Answers a packet, in place of the hub. @return false where the hub is to answer as ever */
    @FunctionalInterface
    interface Mischief {
        boolean answer(Link link, MqttMessage message);
    }

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Channel listener;
    private final @Nullable SslContext tls;
    final List<Link> links = new CopyOnWriteArrayList<>();
    final List<MqttConnectMessage> connects = new CopyOnWriteArrayList<>();
    /** Holds what devices did, in order. */
    final List<String> log = new CopyOnWriteArrayList<>();

    volatile Mischief mischief = (_, _) -> false;
    volatile boolean acknowledges = true;

    UnkindHub() {
        this(null);
    }

    UnkindHub(@Nullable SslContext tls) {
        this.tls = tls;
        this.listener = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        if (tls != null) {
                            channel.pipeline().addLast(tls.newHandler(channel.alloc()));
                        }
                        channel.pipeline().addLast(MqttEncoder.INSTANCE, new MqttDecoder(1 << 20), new Link());
                    }
                })
                .bind("127.0.0.1", 0)
                .syncUninterruptibly()
                .channel();
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    HubAddress address() {
        return new HubAddress("127.0.0.1", port(), "hub.test", null);
    }

    /** Returns the latest connection. */
    Link link() {
        return links.getLast();
    }

    /** Is one connection of a device. */
    final class Link extends SimpleChannelInboundHandler<MqttMessage> {
        private @Nullable ChannelHandlerContext ctx;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            ctx = context;
            links.add(this);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, MqttMessage message) {
            note(message);
            if (mischief.answer(this, message)) {
                return;
            }
            switch (message.fixedHeader().messageType()) {
                case CONNECT -> accept();
                case SUBSCRIBE -> grant((MqttSubscribeMessage) message);
                case PUBLISH -> published((MqttPublishMessage) message);
                case PINGREQ -> write(MqttMessage.PINGRESP);
                default -> {}
            }
        }

        private void note(MqttMessage message) {
            switch (message) {
                case MqttConnectMessage connect -> {
                    connects.add(connect);
                    log.add("CONNECT " + connect.payload().clientIdentifier());
                }
                case MqttSubscribeMessage subscribe ->
                    subscribe
                            .payload()
                            .topicSubscriptions()
                            .forEach(filter -> log.add("SUBSCRIBE " + filter.topicFilter() + " "
                                    + filter.qualityOfService().value()));
                case MqttPublishMessage publish ->
                    log.add("PUBLISH " + publish.variableHeader().topicName() + " "
                            + publish.payload().toString(StandardCharsets.UTF_8));
                default ->
                    log.add(message.fixedHeader().messageType()
                            + (message.variableHeader() instanceof MqttMessageIdVariableHeader id
                                    ? " " + id.messageId()
                                    : ""));
            }
        }

        void accept() {
            write(MqttMessageBuilders.connAck()
                    .returnCode(MqttConnectReturnCode.CONNECTION_ACCEPTED)
                    .build());
        }

        void refuse(MqttConnectReturnCode code) {
            write(MqttMessageBuilders.connAck().returnCode(code).build());
        }

        void grant(MqttSubscribeMessage subscribe) {
            grant(
                    subscribe.variableHeader().messageId(),
                    subscribe.payload().topicSubscriptions().size(),
                    MqttQoS.AT_MOST_ONCE);
        }

        void grant(int packetId, int filters, MqttQoS qos) {
            MqttMessageBuilders.SubAckBuilder suback =
                    MqttMessageBuilders.subAck().packetId(packetId);
            for (int i = 0; i < filters; i++) {
                suback.addGrantedQoses(qos);
            }
            write(suback.build());
        }

        private void published(MqttPublishMessage publish) {
            if (publish.fixedHeader().qosLevel() == MqttQoS.AT_LEAST_ONCE && acknowledges) {
                write(MqttMessageBuilders.pubAck()
                        .packetId(publish.variableHeader().packetId())
                        .build());
            }
        }

        void publish(String topic, String body) {
            publish(topic, body, MqttQoS.AT_MOST_ONCE, 0);
        }

        void publish(String topic, String body, MqttQoS qos, int packetId) {
            write(MqttMessageBuilders.publish()
                    .topicName(topic)
                    .qos(qos)
                    .messageId(packetId)
                    .payload(Unpooled.copiedBuffer(body, StandardCharsets.UTF_8))
                    .build());
        }

        void write(Object message) {
            java.util.Objects.requireNonNull(ctx).writeAndFlush(message);
        }

        /** Writes bytes that need be no packet. */
        void raw(int... bytes) {
            byte[] all = new byte[bytes.length];
            for (int i = 0; i < all.length; i++) {
                all[i] = (byte) bytes[i];
            }
            ChannelHandlerContext context = java.util.Objects.requireNonNull(ctx);
            context.pipeline().context(MqttEncoder.INSTANCE.getClass()).writeAndFlush(Unpooled.wrappedBuffer(all));
        }

        void close() {
            java.util.Objects.requireNonNull(ctx).close();
        }

        Certificate certificate() throws SSLPeerUnverifiedException {
            return java.util.Objects.requireNonNull(ctx)
                    .pipeline()
                    .get(SslHandler.class)
                    .engine()
                    .getSession()
                    .getPeerCertificates()[0];
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 1000, java.util.concurrent.TimeUnit.MILLISECONDS)
                .awaitUninterruptibly();
    }
}
