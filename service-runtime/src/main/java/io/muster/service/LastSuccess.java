package io.muster.service;

import java.time.Duration;
import java.util.function.LongSupplier;

/** Remembers when a repeated call last succeeded: its service is ready while that is within 15 s. Thread-safe. */
public final class LastSuccess {
    private static final Duration RECENT = Duration.ofSeconds(15);

    private final LongSupplier nanoTime;
    private volatile long at;

    /**
     * Makes one without a success.
     *
     * @param nanoTime {@link System#nanoTime}, or a test's
     */
    public LastSuccess(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.at = nanoTime.getAsLong() - RECENT.toNanos();
    }

    /** Notes that it went well now. */
    public void note() {
        at = nanoTime.getAsLong();
    }

    /** Returns whether it went well within the last 15 s. */
    public boolean isRecent() {
        return isWithin(RECENT);
    }

    /** Returns whether it went well within the last such time. */
    public boolean isWithin(Duration time) {
        return nanoTime.getAsLong() - at < time.toNanos();
    }
}
