package io.muster.agent;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BehaviourTest {
    @ParameterizedTest
    @CsvSource({
        "-1, 0, 0, 0, 0, 0",
        "2, 1, 0, 0, 0, 0",
        "0, 0, 1.1, 0, 0, 0",
        "0, 0, 0, -0.1, 0, 0",
        "0, 0, 0, 0, NaN, 0",
        "0, 0, 0, 0, 0, -1"
    })
    void rejectsWhatNoDeviceDoes(
            long shortest, long longest, double failures, double silent, double disconnects, long telemetry) {
        assertThatThrownBy(() -> new Behaviour(
                        Duration.ofMillis(shortest),
                        Duration.ofMillis(longest),
                        failures,
                        silent,
                        disconnects,
                        true,
                        Duration.ofMillis(telemetry),
                        1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
