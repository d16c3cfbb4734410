package io.muster.service;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;

/**
 * Counts failures of an application's stream threads, and forgets them when all have run for a minute in which none failed. A thread that fails
 * is replaced while the others run, so that the application runs is no sign that a failure is over. Thread-safe.
 */
public final class RecentFailures implements KafkaStreams.StateListener {
    /** Bounds how many an application has before it ends. */
    public static final int MOST = 20;

    private static final Duration WELL = Duration.ofMinutes(1);

    private final InstantSource clock;
    private int failures;

    /** Holds the instant since which all runs and nothing failed; null while it does not run. */
    private @Nullable Instant wellSince;

    public RecentFailures(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public synchronized void onChange(KafkaStreams.State now, KafkaStreams.State before) {
        forgive();
        wellSince = now == KafkaStreams.State.RUNNING ? clock.instant() : null;
    }

    private void forgive() {
        if (wellSince != null && !clock.instant().isBefore(wellSince.plus(WELL))) {
            failures = 0;
        }
    }

    /** Counts one more, and returns how many there are. */
    public synchronized int add() {
        forgive();
        if (wellSince != null) {
            wellSince = clock.instant();
        }
        return ++failures;
    }
}
