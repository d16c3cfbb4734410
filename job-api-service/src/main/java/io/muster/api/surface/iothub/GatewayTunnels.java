package io.muster.api.surface.iothub;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageEncoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects to the gateway on behalf of devices, through a tunnel each, which begins with the device's address in a header of the PROXY protocol,
 * version 2: the gateway limits connections by address. A tunnel reads from the gateway only as fast as the device takes it,
 * and ends when the device sends faster than the gateway takes it. Thread-safe.
 */
public final class GatewayTunnels implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayTunnels.class);
    private static final int WRITE_LOW = 256 * 1024;
    private static final int WRITE_HIGH = 1024 * 1024;
    private static final int CONNECT_MS = 5000;
    private static final long CLOSE_MS = 2000;

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(NioIoHandler.newFactory());
    private final Options options;
    private final @Nullable SslContext tls;
    private final String name;

    /** Names the address at which the gateway listens for MQTT behind proxies. @param tls empty for plain TCP */
    public record Options(String host, int port, Optional<Tls> tls) {}

    /**
     * Holds how the gateway proves itself.
     *
     * @param authorities certificates in PEM of who may have signed the gateway's; empty for those that Java trusts
     * @param name that the gateway's certificate is for
     */
    public record Tls(Optional<Path> authorities, String name) {}

    /** Loads the certificates; a connection is opened for each tunnel. @throws IOException when the certificates can't be used */
    public GatewayTunnels(Options options) throws IOException {
        this.options = options;
        this.name = options.tls().map(Tls::name).orElse(options.host());
        try {
            this.tls = options.tls().isEmpty() ? null : context(options.tls().get());
        } catch (IllegalArgumentException e) {
            throw new IOException("The gateway's certificates can't be used: " + options.tls(), e);
        }
    }

    private static SslContext context(Tls tls) throws IOException {
        SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
        tls.authorities().ifPresent(file -> builder.trustManager(file.toFile()));
        return builder.build();
    }

    /**
     * Begins to connect; bytes that are sent before wait.
     *
     * @param device where the device's connection comes from
     * @param fromGateway takes what the gateway says, in order; is called again when its future has ended
     * @param closed is called once, when the gateway has ended the connection or can't be reached
     */
    Tunnel open(InetSocketAddress device, Function<byte[], CompletableFuture<?>> fromGateway, Runnable closed) {
        return new Tunnel(device, fromGateway, closed);
    }

    /** Says first of all where the device's connection comes from. */
    private static final class Header extends ChannelInboundHandlerAdapter {
        private final InetSocketAddress device;

        private Header(InetSocketAddress device) {
            this.device = device;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            InetSocketAddress gateway = (InetSocketAddress) ctx.channel().remoteAddress();
            boolean ipv4 = device.getAddress() instanceof Inet4Address;
            // Both are of one family, and only the device's is read.
            ctx.write(new HAProxyMessage(
                    HAProxyProtocolVersion.V2,
                    HAProxyCommand.PROXY,
                    ipv4 ? HAProxyProxiedProtocol.TCP4 : HAProxyProxiedProtocol.TCP6,
                    NetUtil.toAddressString(device.getAddress()),
                    ipv4 ? "0.0.0.0" : "::",
                    device.getPort(),
                    gateway.getPort()));
            ctx.fireChannelActive();
        }
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, CLOSE_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }

    /** Connects one device to the gateway. */
    final class Tunnel {
        private final Channel channel;
        /** Holds frames that were sent before the gateway was reached; null from then on. Touched on the channel's thread only. */
        private @Nullable Deque<byte[]> waiting = new ArrayDeque<>();

        private int waitingBytes;

        private Tunnel(InetSocketAddress device, Function<byte[], CompletableFuture<?>> fromGateway, Runnable closed) {
            this.channel = new Bootstrap()
                    .group(loops)
                    .channel(NioSocketChannel.class)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.AUTO_READ, false)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MS)
                    .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(WRITE_LOW, WRITE_HIGH))
                    .handler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel socket) {
                            socket.pipeline().addLast(HAProxyMessageEncoder.INSTANCE, new Header(device));
                            if (tls != null) {
                                socket.pipeline().addLast(tls.newHandler(socket.alloc(), name, options.port()));
                            }
                            socket.pipeline().addLast(new FromGateway(fromGateway));
                        }
                    })
                    .connect(options.host(), options.port())
                    .channel();
            channel.closeFuture().addListener(_ -> closed.run());
        }

        void send(byte[] bytes) {
            channel.eventLoop().execute(() -> {
                if (waiting != null && waitingBytes + bytes.length <= WRITE_HIGH) {
                    waiting.add(bytes);
                    waitingBytes += bytes.length;
                } else if (waiting == null && channel.isWritable()) {
                    channel.writeAndFlush(Unpooled.wrappedBuffer(bytes));
                } else {
                    LOG.debug("Closed a tunnel: its device sends faster than the gateway takes it");
                    channel.close();
                }
            });
        }

        void close() {
            channel.close();
        }

        private final class FromGateway extends SimpleChannelInboundHandler<ByteBuf> {
            private final Function<byte[], CompletableFuture<?>> fromGateway;
            private CompletableFuture<?> taken = CompletableFuture.completedFuture(null);

            private FromGateway(Function<byte[], CompletableFuture<?>> fromGateway) {
                this.fromGateway = fromGateway;
            }

            @Override
            public void channelActive(ChannelHandlerContext ctx) {
                Deque<byte[]> first = waiting == null ? new ArrayDeque<>() : waiting;
                waiting = null;
                first.forEach(bytes -> ctx.write(Unpooled.wrappedBuffer(bytes)));
                ctx.flush();
                ctx.read();
                ctx.fireChannelActive();
            }

            @Override
            protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
                taken = fromGateway.apply(ByteBufUtil.getBytes(bytes));
            }

            @Override
            public void channelReadComplete(ChannelHandlerContext ctx) {
                taken.whenComplete((_, error) -> {
                    if (error == null) {
                        ctx.read();
                    } else {
                        ctx.close();
                    }
                });
                ctx.fireChannelReadComplete();
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                LOG.debug("A tunnel to the gateway broke, reason={}", cause.toString());
                ctx.close();
            }
        }
    }
}
