package io.muster.api.http;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes connections of an address that has as many as it may have. An IPv6 address counts by its network of 64 bits. Thread-safe. */
@ChannelHandler.Sharable
final class Connections extends ChannelInboundHandlerAdapter {
    private static final int NETWORK_BYTES = 8;

    private static final long LOGGED_EVERY = Duration.ofMinutes(1).toNanos();
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

    private final int perAddress;
    private final Runnable refused;
    private final AtomicLong loggedAt = new AtomicLong(System.nanoTime() - LOGGED_EVERY);
    private final Map<String, Integer> open = new ConcurrentHashMap<>();

    /** Limits the open connections of each client address. @param refused runs for each connection that is closed */
    Connections(int perAddress, Runnable refused) {
        this.perAddress = perAddress;
        this.refused = refused;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (ctx.channel().remoteAddress() instanceof InetSocketAddress remote) {
            String address = name(remote.getAddress());
            int now = open.merge(address, 1, Integer::sum);
            ctx.channel()
                    .closeFuture()
                    .addListener(_ -> open.computeIfPresent(address, (_, count) -> count == 1 ? null : count - 1));
            if (now > perAddress) {
                ctx.close();
                refused(address);
                return;
            }
        }
        ctx.fireChannelActive();
    }

    private void refused(String address) {
        refused.run();
        long last = loggedAt.get();
        long now = System.nanoTime();
        if (now - last >= LOGGED_EVERY && loggedAt.compareAndSet(last, now)) {
            LOG.warn(
                    "An address has as many connections as it may have, and more are closed: raise"
                            + " rest.connections.per.address where many callers share one, address={} limit={}",
                    address,
                    perAddress);
        }
    }

    private static String name(InetAddress address) {
        return address instanceof Inet6Address
                ? HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), NETWORK_BYTES))
                : address.getHostAddress();
    }
}
