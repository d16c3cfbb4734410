package io.muster.gateway.mqtt;

import io.muster.access.ReloadedFile;
import io.muster.gateway.fleet.Fleet;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.mqtt.MqttDecoder;
import io.netty.handler.codec.mqtt.MqttEncoder;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens for devices: over TLS, over plain TCP, and behind proxies that say where a connection comes from. */
public final class MqttServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MqttServer.class);
    private static final int TOPIC_BYTES = 64 * 1024;
    private static final int BACKLOG = 1024;
    private static final int WRITE_LOW = 256 * 1024;
    private static final int WRITE_HIGH = 1024 * 1024;
    private static final long QUIET_MS = 0;
    private static final long CLOSE_MS = 2000;
    private static final int FLUSHES = 64;

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(NioIoHandler.newFactory());
    private final List<Channel> listeners = new ArrayList<>();
    private final MqttSettings settings;
    private final Fleet fleet;
    private final Connections connections;
    private final OptionalInt tlsPort;
    private final OptionalInt plainPort;
    private final OptionalInt proxiedPort;

    /** Opens the ports of the settings and listens on them. @throws IOException when a port is taken or the certificate can't be used; the message says which */
    public MqttServer(MqttSettings settings, Fleet fleet, Connections connections) throws IOException {
        this.settings = settings;
        this.fleet = fleet;
        this.connections = connections;
        ConnectLimiter limiter = new ConnectLimiter(settings.direct(), settings.clock());
        ConnectLimiter proxied = new ConnectLimiter(settings.proxied(), settings.clock());
        try {
            @Nullable Path chain = settings.certificate();
            @Nullable Supplier<ServerCertificate> certificate = chain == null ? null : certificate(settings, chain);
            this.tlsPort = certificate == null
                    ? OptionalInt.empty()
                    : OptionalInt.of(listen(
                            settings.tlsPort(), channel -> begin(channel, source(channel), certificate, limiter)));
            this.plainPort = settings.plainPort().isEmpty()
                    ? OptionalInt.empty()
                    : OptionalInt.of(listen(
                            settings.plainPort().get(), channel -> begin(channel, source(channel), null, limiter)));
            this.proxiedPort = settings.proxiedPort().isEmpty()
                    ? OptionalInt.empty()
                    : OptionalInt.of(listen(
                            settings.proxiedPort().get(),
                            channel -> channel.pipeline()
                                    .addLast(new HAProxyMessageDecoder())
                                    .addLast(new ProxyHeader(
                                            connections.meters(),
                                            source -> begin(channel, source, certificate, proxied)))));
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    public OptionalInt tlsPort() {
        return tlsPort;
    }

    public OptionalInt plainPort() {
        return plainPort;
    }

    public OptionalInt proxiedPort() {
        return proxiedPort;
    }

    private static InetAddress source(SocketChannel channel) {
        return channel.remoteAddress().getAddress();
    }

    /** Lets the connection say CONNECT, if its address has not too many such. @param certificate null for no TLS */
    private void begin(
            SocketChannel channel,
            InetAddress source,
            @Nullable Supplier<ServerCertificate> certificate,
            ConnectLimiter limiter) {
        if (!limiter.admit(channel, source)) {
            connections.meters().refusedPacket("too many connects or refusals of an address");
            channel.close();
            return;
        }
        if (certificate != null) {
            SslHandler tls = certificate.get().tls().newHandler(channel.alloc());
            tls.setHandshakeTimeoutMillis(ConnectHandler.CONNECT_LIMIT.toMillis());
            channel.pipeline().addLast(tls);
        }
        channel.pipeline()
                .addLast(new FlushConsolidationHandler(FLUSHES, true))
                .addLast(new FirstPacket(connections.meters()))
                .addLast(MqttEncoder.INSTANCE)
                .addLast(new MqttDecoder(settings.largestMessage() + TOPIC_BYTES))
                .addLast(new ConnectHandler(settings, fleet, connections, limiter));
    }

    private int listen(int port, Consumer<SocketChannel> begin) throws IOException {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(WRITE_LOW, WRITE_HIGH))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        begin.accept(channel);
                    }
                });
        ChannelFuture bound =
                bootstrap.bind(new InetSocketAddress(settings.host(), port)).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("The MQTT port " + port + " on " + settings.host() + " can't be opened ("
                    + Objects.requireNonNull(bound.cause()).getMessage() + "): choose another.");
        }
        listeners.add(bound.channel());
        return ((InetSocketAddress) bound.channel().localAddress()).getPort();
    }

    /** Shows a renewed certificate to those who connect from then on. */
    private static Supplier<ServerCertificate> certificate(MqttSettings settings, Path chain) throws IOException {
        Path key = Objects.requireNonNull(settings.key(), "a certificate has a key");
        return ReloadedFile.open(
                chain, "the MQTT certificate", file -> ServerCertificate.load(file, key), settings.clock(), LOG::info);
    }

    /** Closes the server. Devices that were called may answer before their connections close; others are closed at once. */
    @Override
    public void close() {
        listeners.forEach(listener -> listener.close().awaitUninterruptibly());
        List<ChannelFuture> closing =
                connections.all().values().stream().map(DeviceHandler::drain).toList();
        closing.forEach(connection -> connection.awaitUninterruptibly(DeviceHandler.LONGEST_DRAIN.toMillis()));
        loops.shutdownGracefully(QUIET_MS, CLOSE_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
