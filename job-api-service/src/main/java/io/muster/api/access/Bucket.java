package io.muster.api.access;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Limits a rate by a token bucket that holds ten seconds' worth of a rate, and at least one token. Thread-safe. */
final class Bucket {
    private static final double MINUTE_NANOS = 60e9;
    private static final int BURSTS_A_MINUTE = 6;

    private final int perMinute;
    private double left;
    private Instant asOf;

    Bucket(int perMinute, Instant now) {
        this.perMinute = perMinute;
        this.left = most();
        this.asOf = now;
    }

    private double most() {
        return Math.max(1, perMinute / (double) BURSTS_A_MINUTE);
    }

    /** Takes a token. @return how long to wait; empty where a token was there */
    synchronized Optional<Duration> take(Instant now) {
        if (now.isAfter(asOf)) {
            left = Math.min(most(), left + Duration.between(asOf, now).toNanos() * perMinute / MINUTE_NANOS);
            asOf = now;
        }
        if (left >= 1) {
            left -= 1;
            return Optional.empty();
        }
        return Optional.of(Duration.ofNanos((long) Math.ceil((1 - left) * MINUTE_NANOS / perMinute)));
    }
}
