package io.muster.gateway.mqtt;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** The end of a connection on which something could not be read or written. */
final class Broken {
    private static final Logger LOG = LoggerFactory.getLogger(Broken.class);

    private Broken() {}

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
