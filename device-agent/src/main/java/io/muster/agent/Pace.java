package io.muster.agent;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Hands out moments, evenly spaced and each to one taker, in the order of asking. Thread-safe. */
final class Pace {
    private final long spacing;
    private final AtomicLong free;

    /** @param now in nanoseconds of the same clock as later ones */
    Pace(int perSecond, long now) {
        this.spacing = TimeUnit.SECONDS.toNanos(1) / perSecond;
        this.free = new AtomicLong(now);
    }

    /** How long the caller is to wait for its moment. Moments that nobody took are not saved up. */
    Duration take(long now) {
        long next = free.updateAndGet(moment -> Math.max(moment, now) + spacing);
        return Duration.ofNanos(next - spacing - now);
    }
}
