package io.muster.gateway.mqtt;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Closes connections on which a packet could not be read or written. */
final class ConnectionFailures {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionFailures.class);

    private ConnectionFailures() {}

    static void close(ChannelHandlerContext ctx, String deviceId, Throwable cause, GatewayMeters meters) {
        String reason = cause instanceof DecoderException ? "undecodable" : "broken connection";
        // Not its message: it may quote what was sent.
        LOG.atLevel(deviceId.isEmpty() ? Level.DEBUG : Level.INFO)
                .log(
                        "Closed, deviceId={} reason={} cause={}",
                        deviceId,
                        reason,
                        cause.getClass().getSimpleName());
        meters.refusedPacket(reason);
        ctx.close();
    }
}
