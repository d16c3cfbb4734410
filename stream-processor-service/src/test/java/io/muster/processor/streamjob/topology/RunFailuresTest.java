package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.processor.engine.topology.StreamJobFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.junit.jupiter.api.Test;

class RunFailuresTest {
    private static final int MOST = 20;

    private final List<String> restarting = new ArrayList<>();
    private final List<Boolean> pausing = new ArrayList<>();
    private Instant now = Instant.parse("2026-11-21T10:00:00Z");
    private final RunFailures failures = new RunFailures("j", 7, this::report, () -> now, Duration.ZERO);

    private void report(String reason) {
        restarting.add(reason);
        pausing.add(failures.isPausing());
    }

    private void fail(int times, Duration between) {
        for (int i = 0; i < times; i++) {
            failures.handle(new StreamsException("a bug"));
            failures.onChange(State.REBALANCING, State.RUNNING);
            now = now.plusSeconds(1);
            failures.onChange(State.RUNNING, State.REBALANCING);
            now = now.plus(between);
        }
    }

    /** Lets each new thread fail a little later; meanwhile the application runs. */
    @Test
    void failsTheJobWhenItsRunFailsAgainAndAgain() {
        fail(MOST - 1, Duration.ofSeconds(59));
        assertThat(failures.failure()).isEmpty();
        assertThat(restarting).hasSize(MOST - 1);
        fail(1, Duration.ZERO);
        assertThat(failures.failure())
                .hasValueSatisfying(why ->
                        assertThat(why).startsWith("It failed 20 times: ").endsWith("a bug"));
        assertThat(restarting).hasSize(MOST - 1);
    }

    @Test
    void forgetsAFailureAfterAMinuteInWhichAllThreadsRan() {
        fail(3 * MOST, Duration.ofMinutes(1));
        assertThat(failures.failure()).isEmpty();
        assertThat(restarting).hasSize(3 * MOST);
    }

    /** Keeps the job from being called Running before the thread is replaced. */
    @Test
    void pausesFromTheReportUntilTheThreadIsReplaced() {
        failures.handle(new StreamsException("a bug"));
        assertThat(pausing).containsExactly(true);
        assertThat(failures.isPausing()).isFalse();
    }

    @Test
    void failsTheJobAtOnceForAFailureOfARecord() {
        assertThat(failures.handle(new StreamsException(new StreamJobFailure("offset 7: no number"))))
                .isEqualTo(StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
        assertThat(failures.failure()).contains("offset 7: no number");
        assertThat(restarting).isEmpty();
    }
}
