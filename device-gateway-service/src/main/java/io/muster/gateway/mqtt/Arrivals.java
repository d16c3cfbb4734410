package io.muster.gateway.mqtt;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Connections of nobody yet: between the first byte and the decision on their CONNECT. So many of one address and no more; one more is closed,
 * and may come again. Those of devices are not limited by address, since a whole fleet may stand behind one. Thread-safe.
 */
final class Arrivals {
    private final int mostOfAnAddress;
    private final Map<InetAddress, Integer> counts = new ConcurrentHashMap<>();

    Arrivals(int mostOfAnAddress) {
        this.mostOfAnAddress = mostOfAnAddress;
    }

    /** Counts the connection. @return whether it may stay; one that may is to {@link #leave} */
    boolean arrive(Channel channel) {
        InetAddress address = address(channel);
        if (counts.merge(address, 1, Integer::sum) <= mostOfAnAddress) {
            return true;
        }
        leave(channel);
        return false;
    }

    /** The connection is a device's now, or is closed. */
    void leave(Channel channel) {
        counts.computeIfPresent(address(channel), (_, count) -> count == 1 ? null : count - 1);
    }

    private static InetAddress address(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress remote
                ? remote.getAddress()
                : InetAddress.getLoopbackAddress();
    }
}
