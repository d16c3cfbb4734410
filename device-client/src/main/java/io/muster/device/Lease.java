package io.muster.device;

import java.time.Duration;

/**
 * Counts how long others may rely on this device's contact with its hub. The lease runs from the sending of the last request that the hub answered.
 * The hub received that request later, so its own count of the lease ends no earlier. Immutable.
 *
 * @param until an instant of {@link System#nanoTime}
 */
record Lease(Duration term, long until) {
    /** Returns a lease that is over. */
    static Lease ended(Duration term, long now) {
        return new Lease(term, now);
    }

    /** Returns the lease after an answer. An answer to an older request shortens nothing. @param sentAt when its request was sent */
    Lease renewed(long sentAt) {
        long renewed = sentAt + term.toNanos();
        return renewed - until > 0 ? new Lease(term, renewed) : this;
    }

    /** Returns the nanoseconds that are left; 0 or less when it is over. */
    long left(long now) {
        return until - now;
    }

    boolean isHeld(long now) {
        return left(now) > 0;
    }

    /** Returns how often the hub is asked, so that one lost answer costs no lease. */
    Duration pingEvery() {
        return term.dividedBy(4);
    }
}
