package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.access.Throttles;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThrottlesTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");

    /** Counts how many of the requests are taken that come every so many milliseconds for a minute. */
    @ParameterizedTest
    @CsvSource({"60, 100, 69", "60, 1000, 60", "60, 2000, 30", "3, 1000, 3", "6000, 10, 6000", "600, 50, 699"})
    void keepsTheRate(int perMinute, int everyMillis, int taken) {
        Throttles throttles = new Throttles(Map.of(Throttles.Kind.QUERIES, perMinute));
        int count = 0;
        for (int at = 0; at < 60_000; at += everyMillis) {
            count += throttles
                            .take("one", Throttles.Kind.QUERIES, NOW.plusMillis(at))
                            .isEmpty()
                    ? 1
                    : 0;
        }
        assertThat(count).isEqualTo(taken);
    }

    /** Counts parts of a millisecond, so that a caller who asks all the time is let in at its rate, and not never again. */
    @Test
    void letsAFloodInAtItsRate() {
        Throttles throttles = new Throttles(Map.of(Throttles.Kind.QUERIES, 600));
        int count = 0;
        for (int at = 0; at < 600_000; at++) {
            count += throttles
                            .take("one", Throttles.Kind.QUERIES, NOW.plusNanos(at * 100_000L))
                            .isEmpty()
                    ? 1
                    : 0;
        }
        assertThat(count).isBetween(695, 700);
    }

    @Test
    void countsEachKindByItselfAndLeavesOthersFree() {
        Throttles throttles = new Throttles(Map.of(Throttles.Kind.METHODS, 1));
        assertThat(throttles.take("one", Throttles.Kind.METHODS, NOW)).isEmpty();
        assertThat(throttles.take("one", Throttles.Kind.METHODS, NOW)).contains(Duration.ofMinutes(1));
        for (Throttles.Kind other : EnumSet.complementOf(EnumSet.of(Throttles.Kind.METHODS))) {
            assertThat(throttles.take("one", other, NOW)).as(other.name()).isEmpty();
        }
        assertThat(throttles.take("other", Throttles.Kind.METHODS, NOW))
                .as("another policy has its own")
                .isEmpty();
        assertThat(throttles.take("one", Throttles.Kind.METHODS, NOW.plusSeconds(60)))
                .isEmpty();
    }
}
