package io.muster.gateway.channel.tasks;

import io.muster.records.JoinPool;
import io.muster.records.LeavePool;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Keeps to which pools a connection has been admitted by their own orders: a device reports to no other. What it said before it heard that it is to leave still counts for
 * two leases. For the connection's thread.
 */
final class JoinedPools {
    /** Bounds the pools that are remembered: a node is in one of them, and leaves the others. */
    private static final int MOST = 8;

    /**
     * Bounds the publishes before the first order to join that are acknowledged and have no effect. A client of MQTT says again over a new connection what was not acknowledged
     * over the last one, before it can hear of its pool: if that ended the connection, it would go on so for ever.
     */
    static final int MOST_EARLY = 1000;

    private int early;

    /** Holds a pool's word. @param leftAt by {@link System#nanoTime}; meant only where it has left */
    private record Membership(long lease, boolean left, long leftAt) {
        boolean counts(long now) {
            return !left || now - leftAt <= 2 * lease;
        }
    }

    private final Map<String, Membership> pools = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Membership> eldest) {
            return size() > MOST;
        }
    };

    /** Notes an order that is handed over. */
    void ordered(String poolId, Object order, long now) {
        if (order instanceof JoinPool join) {
            pools.remove(poolId);
            pools.put(poolId, new Membership(TimeUnit.SECONDS.toNanos(join.getLeaseSeconds()), false, 0));
        } else if (order instanceof LeavePool) {
            pools.computeIfPresent(poolId, (_, before) -> new Membership(before.lease(), true, now));
        }
    }

    /** Returns whether what the device says to that pool counts. */
    boolean counts(String poolId, long now) {
        Membership membership = pools.get(poolId);
        return membership != null && membership.counts(now);
    }

    /** Returns whether one more publish to a pool in which the device is not is acknowledged: it has been a node over this connection, or may become one. */
    boolean isExcused() {
        return !pools.isEmpty() || ++early <= MOST_EARLY;
    }
}
