package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.junit.jupiter.api.Test;

class ThreadFailuresTest {
    private static final int MOST = 20;

    private final List<String> fatal = new ArrayList<>();
    private Instant now = Instant.parse("2026-11-21T10:00:00Z");
    private final ThreadFailures failures = new ThreadFailures("app", () -> now, fatal::add);

    private void fail(Throwable e) {
        assertThat(failures.handle(e))
                .isEqualTo(
                        fatal.isEmpty()
                                ? StreamThreadExceptionResponse.REPLACE_THREAD
                                : StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
    }

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            fail(new StreamsException("transient"));
        }
    }

    private void run(Duration time) {
        failures.onChange(State.RUNNING, State.REBALANCING);
        now = now.plus(time);
    }

    private void rebalance() {
        failures.onChange(State.REBALANCING, State.RUNNING);
    }

    @Test
    void survivesRareFailuresOverMonths() {
        for (int i = 0; i < 3 * MOST; i++) {
            run(Duration.ofDays(3));
            fail(1);
            rebalance();
        }
        assertThat(fatal).isEmpty();
    }

    @Test
    void forgetsFailuresAfterAQuietMinute() {
        fail(MOST - 1);
        run(Duration.ofMinutes(1));
        rebalance();
        fail(MOST - 1);
        assertThat(fatal).isEmpty();
        fail(1);
        assertThat(fatal).containsExactly("Stream threads failed 20 times.");
    }

    /** Ends though seconds of running lie between the failures, and other threads run on. */
    @Test
    void endsAfterRepeatedFailures() {
        for (int i = 0; i < MOST / 2; i++) {
            run(Duration.ofSeconds(59));
            fail(2);
            now = now.plusSeconds(59);
            if (i % 2 == 0) {
                rebalance();
            }
        }
        assertThat(fatal).hasSize(1);
    }

    @Test
    void endsAtOnceAtAFailureOfEveryThread() {
        fatal.clear();
        assertThat(failures.handle(
                        new StreamsException(new NoOffsetForPartitionException(new TopicPartition("jobs", 0)))))
                .isEqualTo(StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
        assertThat(fatal).singleElement().asString().contains("Offsets of app are gone");
    }
}
