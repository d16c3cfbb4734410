package io.muster.api.http;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Closes connections of an address that has as many as it may have. An IPv6 address counts by its network of 64 bits. Thread-safe. */
@ChannelHandler.Sharable
final class Connections extends ChannelInboundHandlerAdapter {
    private static final int NETWORK_BYTES = 8;

    private final int perAddress;
    private final Map<String, Integer> open = new ConcurrentHashMap<>();

    Connections(int perAddress) {
        this.perAddress = perAddress;
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
                return;
            }
        }
        ctx.fireChannelActive();
    }

    private static String name(InetAddress address) {
        return address instanceof Inet6Address
                ? HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), NETWORK_BYTES))
                : address.getHostAddress();
    }
}
