package io.muster.agent;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
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
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Many devices in one process, on a few event loops. Connects them at a bounded rate and keeps them connected until closed. */
public final class SimulatedFleet implements AutoCloseable {
    private static final int LARGEST_PACKET = 512 * 1024;
    private static final Duration SHORTEST_BACKOFF = Duration.ofMillis(250);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(15);
    private static final int LOOPS = 2;
    private static final int PING_SECONDS = SimulatedDevice.KEEP_ALIVE_SECONDS / 2;
    private static final int SILENCE_SECONDS = SimulatedDevice.KEEP_ALIVE_SECONDS;
    private static final long CLOSE_MS = 2000;

    private final Target target;
    private final Behaviour behaviour;
    private final Counters counters = new Counters();
    private final InstantSource clock;
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(LOOPS, NioIoHandler.newFactory());
    private final @Nullable SslContext tls;
    private final List<SimulatedDevice> devices = new ArrayList<>();
    private final ConnectQueue queue;
    private final Invocations invocations;
    private volatile boolean closed;

    private SimulatedFleet(Target target, Behaviour behaviour, int rate, InstantSource clock, Invocations invocations)
            throws IOException {
        this.invocations = invocations;
        this.target = target;
        this.behaviour = behaviour;
        this.queue = new ConnectQueue(rate);
        this.clock = clock;
        this.tls = target.caFile() == null ? null : trusting(target.caFile());
    }

    /**
     * Begins to connect; returns at once.
     *
     * @param rate connections a second, first ones and those after a loss
     * @throws IOException when the CA file can't be used
     */
    public static SimulatedFleet start(
            Target target, Behaviour behaviour, List<String> deviceIds, int rate, InstantSource clock)
            throws IOException {
        return start(target, behaviour, deviceIds, rate, clock, (_, _, _) -> {});
    }

    /** Starts one, as above. @param invocations is told of each method that reaches a device */
    public static SimulatedFleet start(
            Target target,
            Behaviour behaviour,
            List<String> deviceIds,
            int rate,
            InstantSource clock,
            Invocations invocations)
            throws IOException {
        SimulatedFleet fleet = new SimulatedFleet(target, behaviour, rate, clock, invocations);
        SplittableRandom random = new SplittableRandom(behaviour.seed());
        for (String deviceId : deviceIds) {
            SimulatedDevice device = new SimulatedDevice(fleet, deviceId, random.split());
            fleet.devices.add(device);
            fleet.queue.add(device);
        }
        fleet.loops
                .next()
                .scheduleAtFixedRate(
                        () -> fleet.queue.tick(fleet::connect), 0, ConnectQueue.TICK_MS, TimeUnit.MILLISECONDS);
        if (behaviour.disconnectShare() > 0) {
            fleet.loops.scheduleAtFixedRate(() -> fleet.disconnectSome(random), 1, 1, TimeUnit.SECONDS);
        }
        return fleet;
    }

    /** Ids as the simulation gives them: the prefix and six digits, from 1. */
    public static List<String> deviceIds(String prefix, int count) {
        List<String> ids = new ArrayList<>(count);
        for (int i = 1; i <= count; i++) {
            ids.add(prefix + String.format("%06d", i));
        }
        return ids;
    }

    public Counters.Snapshot counters() {
        return counters.snapshot();
    }

    Counters count() {
        return counters;
    }

    Target target() {
        return target;
    }

    Behaviour behaviour() {
        return behaviour;
    }

    Invocations invocations() {
        return invocations;
    }

    Instant now() {
        return clock.instant();
    }

    private void connect(SimulatedDevice device) {
        if (closed) {
            return;
        }
        new Bootstrap()
                .group(loops)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        if (tls != null) {
                            channel.pipeline().addLast(tls.newHandler(channel.alloc(), target.host(), target.port()));
                        }
                        channel.pipeline()
                                .addLast(MqttEncoder.INSTANCE)
                                .addLast(new MqttDecoder(LARGEST_PACKET))
                                .addLast(new IdleStateHandler(SILENCE_SECONDS, PING_SECONDS, 0))
                                .addLast(device.connection());
                    }
                })
                .connect(target.host(), target.port())
                .addListener(connected -> {
                    if (!connected.isSuccess()) {
                        queue.settled();
                        device.failed();
                        again(device, "unreachable");
                    }
                });
    }

    void settled() {
        queue.settled();
    }

    /** Tries again, later each time and not all at once. @param reason why the last connection ended or did not come to be */
    void again(SimulatedDevice device, String reason) {
        if (!closed) {
            counters.ended(reason);
            long limit = Math.min(LONGEST_BACKOFF.toMillis(), SHORTEST_BACKOFF.toMillis() << device.failures());
            loops.schedule(() -> queue.add(device), device.random().nextLong(limit / 2, limit), TimeUnit.MILLISECONDS);
        }
    }

    private void disconnectSome(SplittableRandom random) {
        for (SimulatedDevice device : devices) {
            if (random.nextDouble() < behaviour.disconnectShare()) {
                device.cut();
            }
        }
    }

    private static SslContext trusting(Path caFile) throws IOException {
        try {
            return SslContextBuilder.forClient()
                    .sslProvider(SslProvider.JDK)
                    .trustManager(caFile.toFile())
                    .endpointIdentificationAlgorithm("HTTPS")
                    .build();
        } catch (IllegalArgumentException e) {
            throw new IOException("The CA file can't be used: " + caFile, e);
        }
    }

    @Override
    public void close() {
        closed = true;
        loops.shutdownGracefully(0, CLOSE_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
