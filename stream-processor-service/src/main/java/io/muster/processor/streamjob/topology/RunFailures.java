package io.muster.processor.streamjob.topology;

import io.muster.processor.engine.topology.StreamJobFailure;
import io.muster.service.RecentFailures;
import io.muster.service.StreamsApplication;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides about a run whose thread failed: a failure of a record or a row fails the job, and so do as many {@link RecentFailures} as there may
 * be; before, the thread is replaced, each time a second later. Thread-safe.
 */
final class RunFailures implements StreamsUncaughtExceptionHandler, KafkaStreams.StateListener {
    private static final Logger LOG = LoggerFactory.getLogger(RunFailures.class);

    /** Delays the first replacement; the second takes twice as long, and so on. */
    static final Duration PAUSE = Duration.ofSeconds(1);

    private final String streamJobId;
    private final long number;
    private final Consumer<String> restarting;
    private final Duration pause;
    private final RecentFailures failures;
    private final AtomicInteger pausing = new AtomicInteger();
    private volatile @Nullable String failed;

    /**
     * Makes one.
     *
     * @param number of the start
     * @param restarting is given the reason when a thread is replaced
     * @param pause before the first time
     */
    RunFailures(String streamJobId, long number, Consumer<String> restarting, InstantSource clock, Duration pause) {
        this.streamJobId = streamJobId;
        this.number = number;
        this.restarting = restarting;
        this.pause = pause;
        this.failures = new RecentFailures(clock);
    }

    /** Returns why the run can't go on; empty while it can. */
    Optional<String> failure() {
        return Optional.ofNullable(failed);
    }

    /** Returns whether a thread that failed is still to be replaced: to Kafka Streams the application runs meanwhile. */
    boolean isPausing() {
        return pausing.get() > 0;
    }

    @Override
    public void onChange(KafkaStreams.State now, KafkaStreams.State before) {
        failures.onChange(now, before);
    }

    @Override
    public StreamThreadExceptionResponse handle(Throwable e) {
        if (StreamsApplication.hasNoOffset(e)) {
            failed = "The next records are gone, or the offset of them (" + e.getMessage()
                    + "): start the job again, from a time of your choice.";
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        Optional<StreamJobFailure> failure = failure(e);
        if (failure.isPresent()) {
            failed = String.valueOf(failure.get().getMessage());
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        LOG.warn(
                "A thread of a stream job failed, streamJobId={} start={} reason={}",
                streamJobId,
                number,
                e.toString());
        int times = failures.add();
        if (times >= RecentFailures.MOST) {
            failed = "It failed " + times + " times: " + e;
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        pausing.incrementAndGet();
        try {
            restarting.accept(e.toString());
            Thread.sleep(pause.multipliedBy(times));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            pausing.decrementAndGet();
        }
        return StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    private static Optional<StreamJobFailure> failure(Throwable e) {
        for (Throwable at = e; at != null; at = at.getCause()) {
            if (at instanceof StreamJobFailure failure) {
                return Optional.of(failure);
            }
        }
        return Optional.empty();
    }
}
