package io.muster.gateway.mqtt;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Limits the connections of an address that are not authenticated yet: from the first byte to the decision on their CONNECT. One too many is closed,
 * and may come again. An address whose connects were refused by the fleet's answer, each of which costs the log records, is closed at once while its
 * token bucket of refusals is empty. Connections of devices are not limited by address, since a whole fleet may stand behind one, and cost no token. An
 * IPv6 address counts by its network of 64 bits. Thread-safe.
 */
final class ConnectLimiter {
    private static final int NETWORK_BYTES = 8;
    /** Bounds the refusals that an address may have at once, in seconds of its rate. */
    private static final int BURST_SECONDS = 10;
    /** Bounds the addresses whose refusals are remembered: the latest. */
    private static final int ADDRESSES = 10_000;

    /** Holds the origin of a connection. */
    private static final AttributeKey<String> ADDRESS = AttributeKey.valueOf(ConnectLimiter.class, "address");

    private final int mostOfAnAddress;
    private final int refusalsPerSecond;
    private final InstantSource clock;
    private final Map<String, Integer> counts = new ConcurrentHashMap<>();
    private final Map<String, TokenBucket> refusals = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, TokenBucket> eldest) {
            return size() > ADDRESSES;
        }
    };

    ConnectLimiter(MqttSettings.PerAddress limits, InstantSource clock) {
        this.mostOfAnAddress = limits.connects();
        this.refusalsPerSecond = limits.refusals();
        this.clock = clock;
    }

    /** Counts the connection from there. @return whether it may stay; one that may is to {@link #release} */
    boolean admit(Channel channel, InetAddress source) {
        String address = name(source);
        if (isOftenRefused(address)) {
            return false;
        }
        channel.attr(ADDRESS).set(address);
        if (counts.merge(address, 1, Integer::sum) <= mostOfAnAddress) {
            return true;
        }
        release(channel);
        return false;
    }

    /** Notes that the connection is a device's now, or is closed. */
    void release(Channel channel) {
        counts.computeIfPresent(address(channel), (_, count) -> count == 1 ? null : count - 1);
    }

    /** Notes that the fleet was asked for the connection's device, and refuses it. */
    void refused(Channel channel) {
        synchronized (refusals) {
            // Many connects may be under way when it gets empty: those that are refused then are owed.
            refusals.computeIfAbsent(address(channel), _ -> full()).take();
        }
    }

    private boolean isOftenRefused(String address) {
        if (refusalsPerSecond == 0) {
            return false;
        }
        synchronized (refusals) {
            TokenBucket bucket = refusals.get(address);
            return bucket != null && bucket.isEmpty();
        }
    }

    private TokenBucket full() {
        int most = refusalsPerSecond * BURST_SECONDS;
        return new TokenBucket(clock, refusalsPerSecond, most, most);
    }

    private static String address(Channel channel) {
        return Objects.requireNonNull(channel.attr(ADDRESS).get(), "it was admitted");
    }

    private static String name(InetAddress address) {
        return address instanceof Inet6Address
                ? HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), NETWORK_BYTES))
                : address.getHostAddress();
    }
}
