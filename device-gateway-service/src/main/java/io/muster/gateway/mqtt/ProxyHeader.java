package io.muster.gateway.mqtt;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Begins a proxy's connection as one from the address that its header names, and makes way. The proxy's own is taken where it names none, as
 * for a check of health. A connection without a header is closed. Contract: The PROXY protocol, versions 1 and 2.
 */
final class ProxyHeader extends SimpleChannelInboundHandler<HAProxyMessage> {
    private final GatewayMeters meters;
    private final Consumer<InetAddress> begin;
    private @Nullable ScheduledFuture<?> timer;

    /** Handles one connection from a proxy until its header has come. @param begin adds the handlers of a connection from that address, or closes it */
    ProxyHeader(GatewayMeters meters, Consumer<InetAddress> begin) {
        this.meters = meters;
        this.begin = begin;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        timer = ctx.executor()
                .schedule(
                        () -> {
                            meters.refusedPacket("no PROXY header");
                            ctx.close();
                        },
                        ConnectHandler.CONNECT_LIMIT.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, HAProxyMessage header) {
        @Nullable String source = header.sourceAddress();
        byte @Nullable [] address = source == null ? null : NetUtil.createByteArrayFromIpAddressString(source);
        begin.accept(address == null ? ((InetSocketAddress) ctx.channel().remoteAddress()).getAddress() : of(address));
        ctx.pipeline().remove(this);
    }

    private static InetAddress of(byte[] address) {
        try {
            return InetAddress.getByAddress(address);
        } catch (java.net.UnknownHostException e) {
            throw new IllegalStateException("an address has 4 or 16 bytes, and has " + address.length, e);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ConnectionFailures.close(ctx, "", cause, meters);
    }
}
