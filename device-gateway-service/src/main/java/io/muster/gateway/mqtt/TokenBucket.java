package io.muster.gateway.mqtt;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Holds how many of something may be had at once, and lets as many come again in a second. What is taken from an empty bucket is owed. For one thread. */
final class TokenBucket {
    private static final double SECOND_NANOS = 1e9;

    private final InstantSource clock;
    private final int perSecond;
    private final int most;
    private double left;
    private Instant asOf;

    /** Makes one. @param most that it holds @param left that it begins with */
    TokenBucket(InstantSource clock, int perSecond, int most, int left) {
        this.clock = clock;
        this.perSecond = perSecond;
        this.most = most;
        this.left = left;
        this.asOf = clock.instant();
    }

    boolean isEmpty() {
        return left() < 1;
    }

    void take() {
        left = left() - 1;
    }

    private double left() {
        Instant now = clock.instant();
        // A clock that is set back costs nothing.
        double passed = Math.max(0, Duration.between(asOf, now).toNanos());
        left = Math.min(most, left + passed * perSecond / SECOND_NANOS);
        asOf = now;
        return left;
    }
}
