package io.muster.gateway.mqtt;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.mqtt.MqttMessageType;
import java.util.List;

/**
 * Ends a connection whose first packet is no CONNECT, or is longer than a CONNECT may be: nobody has signed in yet, so nothing large is kept.
 * Makes way for the decoder when the packet's header is there.
 */
final class FirstPacket extends ByteToMessageDecoder {
    /** Bounds the bytes of a CONNECT, its will included. */
    static final int LONGEST = 64 * 1024;

    private static final int TYPE_SHIFT = 4;
    private static final int DIGIT_BITS = 7;
    private static final int MOST_DIGITS = 4;

    private final GatewayMeters meters;

    FirstPacket(GatewayMeters meters) {
        this.meters = meters;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        int at = in.readerIndex();
        int length = 0;
        for (int digits = 0; digits < MOST_DIGITS; digits++) {
            int digitAt = at + 1 + digits;
            if (digitAt >= in.writerIndex()) {
                refuseUnless(isConnect(in, at), ctx, in);
                return;
            }
            int digit = in.getUnsignedByte(digitAt);
            length |= (digit & 0x7f) << (DIGIT_BITS * digits);
            if ((digit & 0x80) == 0) {
                if (refuseUnless(isConnect(in, at) && length <= LONGEST, ctx, in)) {
                    ctx.pipeline().remove(this);
                }
                return;
            }
        }
        refuseUnless(false, ctx, in);
    }

    private static boolean isConnect(ByteBuf in, int at) {
        return in.getUnsignedByte(at) >> TYPE_SHIFT == MqttMessageType.CONNECT.value();
    }

    private boolean refuseUnless(boolean right, ChannelHandlerContext ctx, ByteBuf in) {
        if (!right) {
            meters.refusedPacket("first packet");
            in.skipBytes(in.readableBytes());
            ctx.close();
        }
        return right;
    }
}
