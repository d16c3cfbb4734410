package io.muster.gateway.mqtt;

import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Holds packets that came before the CONNACK until it is sent; a bounded number. For the channel's thread. */
final class HeldPackets {
    private static final int MOST = 100;

    private final Queue<MqttMessage> packets = new ArrayDeque<>();

    /** Takes the packet over. @return false when there are too many, and the packet is released */
    boolean add(MqttMessage packet) {
        if (packets.size() >= MOST) {
            release(packet);
            return false;
        }
        packets.add(packet);
        return true;
    }

    @Nullable
    MqttMessage poll() {
        return packets.poll();
    }

    void releaseAll() {
        packets.forEach(HeldPackets::release);
        packets.clear();
    }

    static void release(MqttMessage packet) {
        ReferenceCountUtil.release(packet);
    }
}
