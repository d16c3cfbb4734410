package io.muster.service;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces stream threads that fail, and ends the process where that leads nowhere: at a failure that another thread would have too, and at
 * 20 failures without a minute between them in which all ran. Thread-safe.
 */
final class ThreadFailures implements StreamsUncaughtExceptionHandler, KafkaStreams.StateListener {
    private static final Logger LOG = LoggerFactory.getLogger(ThreadFailures.class);
    private static final int MOST = 20;
    private static final Duration WELL = Duration.ofMinutes(1);

    private final String application;
    private final InstantSource clock;
    private final Consumer<String> fatal;
    private int failures;

    /** Since when all runs and nothing failed; null while it does not run. */
    private @Nullable Instant wellSince;

    /** @param fatal is given the reason for which the process is to end */
    ThreadFailures(String application, InstantSource clock, Consumer<String> fatal) {
        this.application = application;
        this.clock = clock;
        this.fatal = fatal;
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

    @Override
    public synchronized StreamThreadExceptionResponse handle(Throwable e) {
        LOG.error("A stream thread failed", e);
        Optional<String> reason = StreamsApplication.hasNoOffset(e)
                ? Optional.of("Offsets of " + application + " are gone, or what they name is.")
                : StreamsApplication.cause(e, UnusableStateException.class).map(Throwable::getMessage);
        forgive();
        if (wellSince != null) {
            wellSince = clock.instant();
        }
        failures++;
        if (reason.isEmpty() && failures < MOST) {
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        fatal.accept(reason.orElse("Stream threads failed " + MOST + " times."));
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
}
