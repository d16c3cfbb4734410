package io.muster.api.access;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Limits how many refused requests without a proven caller are kept in the audit log, by address and in all: anybody who reaches the
 * port can make them. Forgets the address that was seen longest ago once it knows too many. Thread-safe.
 */
public final class RefusalLimit {
    private static final int PER_ADDRESS_A_MINUTE = 60;
    private static final int ALL_A_MINUTE = 600;
    private static final int ADDRESSES = 10_000;

    private final Map<String, Bucket> byAddress = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > ADDRESSES;
        }
    };
    private final Bucket all;

    public RefusalLimit(Instant now) {
        this.all = new Bucket(ALL_A_MINUTE, now);
    }

    /** Returns whether a refused request of the address is still kept, and counts it. */
    public boolean keeps(String address, Instant now) {
        Bucket own;
        synchronized (byAddress) {
            own = byAddress.computeIfAbsent(address, _ -> new Bucket(PER_ADDRESS_A_MINUTE, now));
        }
        return own.take(now).isEmpty() && all.take(now).isEmpty();
    }
}
