package io.muster.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LeaseTest {
    private static final Duration TERM = Duration.ofNanos(100);

    @ParameterizedTest
    @CsvSource({
        // Answered requests by when they were sent, a time, and what is left then.
        "10,     10, 100",
        "10,     60, 50",
        "10,     110, 0",
        "10,     111, -1",
        "'10,40', 60, 80",
        "'40,10', 60, 80"
    })
    void runsFromTheSendingOfTheLastAnsweredRequest(String sent, long now, long left) {
        Lease lease = Lease.ended(TERM, 0);
        for (String at : sent.split(",")) {
            lease = lease.renewed(Long.parseLong(at));
        }
        assertThat(lease.left(now)).isEqualTo(left);
        assertThat(lease.isHeld(now)).isEqualTo(left > 0);
    }

    @Test
    void isNotHeldBeforeTheFirstAnswer() {
        assertThat(Lease.ended(TERM, 5).isHeld(5)).isFalse();
    }

    @Test
    void holdsWhereTheClockOverflows() {
        Lease lease = Lease.ended(TERM, Long.MAX_VALUE - 10).renewed(Long.MAX_VALUE - 5);
        assertThat(lease.left(Long.MAX_VALUE)).isEqualTo(95);
        assertThat(lease.isHeld(Long.MIN_VALUE + 50)).isTrue();
        assertThat(lease.isHeld(Long.MIN_VALUE + 95)).isFalse();
    }
}
