package io.muster.service;

import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces stream threads that fail, and ends the process where that leads nowhere: at a failure that another thread would have too, and at
 * as many {@link RecentFailures} as there may be. Thread-safe.
 */
final class ThreadFailures implements StreamsUncaughtExceptionHandler, KafkaStreams.StateListener {
    private static final Logger LOG = LoggerFactory.getLogger(ThreadFailures.class);

    private final String application;
    private final Consumer<String> fatal;
    private final RecentFailures failures;

    /** Handles failures of the threads of one application. @param fatal is given the reason for which the process is to end */
    ThreadFailures(String application, InstantSource clock, Consumer<String> fatal) {
        this.application = application;
        this.fatal = fatal;
        this.failures = new RecentFailures(clock);
    }

    @Override
    public void onChange(KafkaStreams.State now, KafkaStreams.State before) {
        failures.onChange(now, before);
    }

    @Override
    public StreamThreadExceptionResponse handle(Throwable e) {
        LOG.error("A stream thread failed", e);
        Optional<String> reason = StreamsApplication.hasNoOffset(e)
                ? Optional.of("Offsets of " + application + " are gone, or what they name is.")
                : StreamsApplication.cause(e, UnusableStateException.class).map(Throwable::getMessage);
        if (reason.isEmpty() && failures.add() < RecentFailures.MOST) {
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        fatal.accept(reason.orElse("Stream threads failed " + RecentFailures.MOST + " times."));
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
}
