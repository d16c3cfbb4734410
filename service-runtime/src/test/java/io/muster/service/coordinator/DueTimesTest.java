package io.muster.service.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class DueTimesTest {
    private static final Instant T = Instant.EPOCH;
    private final DueTimes times = new DueTimes();

    @Test
    void returnsDueKeysInOrderOfTimeOnce() {
        times.set("b", T.plusSeconds(2));
        times.set("a", T.plusSeconds(1));
        times.set("c", T.plusSeconds(3));
        assertThat(times.take(T, 10)).isEmpty();
        assertThat(times.take(T.plusSeconds(2), 10)).containsExactly("a", "b");
        assertThat(times.take(T.plusSeconds(2), 10)).isEmpty();
        assertThat(times.size()).isEqualTo(1);
    }

    @Test
    void replacesADueTimeByALaterOne() {
        times.set("a", T.plusSeconds(1));
        times.set("a", T.plusSeconds(5));
        assertThat(times.take(T.plusSeconds(4), 10)).isEmpty();
        times.clear("a");
        assertThat(times.take(T.plusSeconds(9), 10)).isEmpty();
    }

    @Test
    void keepsDueTimesBeyondTheLimit() {
        times.set("a", T);
        times.set("b", T);
        assertThat(times.take(T, 1)).containsExactly("a");
        assertThat(times.take(T, 1)).containsExactly("b");
    }
}
