package io.muster.device;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.mqtt.MqttDecoder;
import io.netty.handler.codec.mqtt.MqttEncoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.timeout.IdleStateHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Connects the devices of a process to one hub, on a few threads, at a bounded rate, and again whenever they have lost their connection. Thread-safe.
 */
public final class DeviceConnector implements AutoCloseable {
    private static final int LARGEST_PACKET = 512 * 1024;
    private static final int MOST_LOOPS = 2;
    private static final int KEEP_ALIVE_SECONDS = 180;
    private static final long CLOSE_MS = 2000;

    private final HubAddress hub;
    private final Settings settings;
    private final ConnectQueue<DeviceClient> queue;
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(MOST_LOOPS, NioIoHandler.newFactory());
    /** Begins connects; resolving the hub's name may block it. */
    private final ScheduledExecutorService starter = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("connects").factory());

    private final Bootstrap bootstrap =
            new Bootstrap().channel(NioSocketChannel.class).option(ChannelOption.TCP_NODELAY, true);
    private final @Nullable SslContext tls;
    private volatile boolean closed;

    /**
     * Says how devices connect.
     *
     * @param connectsPerSecond first connections and those after a loss
     * @param clientType names the program to the hub
     * @param keepAlive after how much silence of the device the hub may take it for lost, and of the hub the device does
     */
    public record Settings(int connectsPerSecond, String clientType, Duration keepAlive, InstantSource clock) {
        public static Settings usual(int connectsPerSecond, String clientType, InstantSource clock) {
            return new Settings(connectsPerSecond, clientType, Duration.ofSeconds(KEEP_ALIVE_SECONDS), clock);
        }
    }

    private DeviceConnector(HubAddress hub, Settings settings) throws IOException {
        this.hub = hub;
        this.settings = settings;
        this.queue = new ConnectQueue<>(settings.connectsPerSecond());
        this.tls = tls(null);
    }

    /** Starts. @throws IOException when the CA file can't be used */
    public static DeviceConnector start(HubAddress hub, Settings settings) throws IOException {
        DeviceConnector connector = new DeviceConnector(hub, settings);
        connector.starter.scheduleAtFixedRate(
                () -> connector.queue.tick(connector::connect), 0, ConnectQueue.TICK_MS, TimeUnit.MILLISECONDS);
        return connector;
    }

    /**
     * Begins to connect a device; returns at once. The device stays connected, by way of new connections, until it or this is closed.
     *
     * @throws IOException when the certificate can't be used
     */
    public DeviceClient connect(String deviceId, Credentials credentials, DeviceProgram program) throws IOException {
        @Nullable SslContext own = credentials instanceof Credentials.Certificate certificate ? tls(certificate) : tls;
        DeviceClient device = new DeviceClient(this, deviceId, credentials, own, program, loops.next());
        queue.add(device);
        return device;
    }

    private @Nullable SslContext tls(Credentials.@Nullable Certificate certificate) throws IOException {
        if (hub.caFile() == null) {
            return null;
        }
        try {
            SslContextBuilder builder = SslContextBuilder.forClient()
                    .sslProvider(SslProvider.JDK)
                    .trustManager(hub.caFile().toFile())
                    .endpointIdentificationAlgorithm("HTTPS");
            return certificate == null
                    ? builder.build()
                    : builder.keyManager(
                                    certificate.chain().toFile(),
                                    certificate.key().toFile())
                            .build();
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    certificate == null
                            ? "The CA file can't be used: " + hub.caFile()
                            : "The certificate or key of the device can't be used: " + certificate.chain(),
                    e);
        }
    }

    private void connect(DeviceClient device) {
        if (closed || device.isClosed()) {
            queue.settled();
            return;
        }
        InetSocketAddress address = new InetSocketAddress(hub.host(), hub.port());
        if (address.isUnresolved()) {
            device.unreachable("unknown host");
            return;
        }
        try {
            bootstrap
                    .clone()
                    .group(device.loop())
                    .handler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel channel) {
                            begin(channel, device);
                        }
                    })
                    .connect(address)
                    .addListener(connected -> {
                        if (!connected.isSuccess()) {
                            device.unreachable("unreachable");
                        }
                    });
        } catch (RejectedExecutionException e) {
            // The loops were closed meanwhile.
            queue.settled();
        }
    }

    private void begin(SocketChannel channel, DeviceClient device) {
        @Nullable SslContext context = device.tls();
        if (context != null) {
            channel.pipeline().addLast(context.newHandler(channel.alloc(), hub.host(), hub.port()));
        }
        long keepAlive = TimeUnit.SECONDS.toMillis(keepAliveSeconds());
        channel.pipeline()
                .addLast(MqttEncoder.INSTANCE)
                .addLast(new MqttDecoder(LARGEST_PACKET))
                .addLast(new IdleStateHandler(keepAlive, keepAlive / 2, 0, TimeUnit.MILLISECONDS))
                .addLast(device.connection());
    }

    int keepAliveSeconds() {
        return Math.toIntExact(Math.max(1, settings.keepAlive().toSeconds()));
    }

    HubAddress hub() {
        return hub;
    }

    String clientType() {
        return settings.clientType();
    }

    Instant now() {
        return settings.clock().instant();
    }

    /** Counts an attempt to connect as ended. */
    void settled() {
        queue.settled();
    }

    /** Connects the device again: later after more failures, and not all devices at once. For the device's thread. */
    void again(DeviceClient device, EventLoop loop, int failures) {
        if (!closed) {
            try {
                loop.schedule(
                        () -> queue.add(device),
                        Backoff.next(failures, ThreadLocalRandom.current()),
                        TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                // The loops were closed meanwhile.
                closed = true;
            }
        }
    }

    /** Closes all connections, without a word to the hub. */
    @Override
    public void close() {
        closed = true;
        starter.shutdownNow();
        loops.shutdownGracefully(0, CLOSE_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
