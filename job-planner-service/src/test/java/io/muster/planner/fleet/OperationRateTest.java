package io.muster.planner.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OperationRateTest {
    /** Asks for plenty at each tick of 10 ms: as many begin in a minute as the rate says, and a burst of a second at the start. */
    @ParameterizedTest
    @CsvSource({"10, 1, 600, 610", "10, 4, 150, 153", "1, 4, 15, 16", "50, 4, 750, 763", "1000, 1, 60000, 61000"})
    void keepsTheRateOverAMinute(int perSecond, int partitions, int least, int most) {
        OperationRate rate = OperationRate.of(perSecond, partitions);
        Instant now = Instant.parse("2026-11-21T02:00:00Z");
        int taken = 0;
        for (int tick = 0; tick < 6000; tick++) {
            now = now.plusMillis(10);
            taken += take(rate, now);
        }
        assertThat(taken).isBetween(least, most);
    }

    @ParameterizedTest
    @CsvSource({"0, 4, 2000", "10, 1, 10"})
    void makesUpForASecondOfRestOnly(int perSecond, int partitions, int taken) {
        OperationRate rate = OperationRate.of(perSecond, partitions);
        assertThat(take(rate, Instant.parse("2026-11-21T02:00:00Z"))).isEqualTo(taken);
        assertThat(take(rate, Instant.parse("2026-11-21T03:00:00Z"))).isEqualTo(taken);
    }

    private static int take(OperationRate rate, Instant now) {
        int allowed = rate.allows(2000, now);
        rate.take(allowed, now);
        return allowed;
    }
}
