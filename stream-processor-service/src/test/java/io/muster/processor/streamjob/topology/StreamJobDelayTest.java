package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.query.stream.Ticks;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StreamJobDelayTest {
    private final MockClock clock = new MockClock();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);

    private double delay() {
        return meters.get("muster.stream.job.watermark.delay").gauge().value();
    }

    /** Forgets the watermark of a task that went to another instance. */
    @Test
    void measuresTheSlowestTaskOfTheInstance() {
        clock.add(Duration.ofSeconds(100).minusMillis(clock.wallTime()));
        try (StreamJobDelay delay = new StreamJobDelay("job", 1, meters)) {
            delay.running(true);
            assertThat(delay()).isNaN();
            delay.reached(0, 90 * Ticks.SECOND);
            delay.reached(1, 70 * Ticks.SECOND);
            assertThat(delay()).isEqualTo(30);
            delay.reached(1, Long.MAX_VALUE);
            assertThat(delay()).isEqualTo(10);
        }
    }

    /** Shows how long a task is waited for that is never restored. */
    @Test
    void growsWhileTasksAreWaitedFor() {
        clock.add(Duration.ofSeconds(100).minusMillis(clock.wallTime()));
        try (StreamJobDelay delay = new StreamJobDelay("job", 1, meters)) {
            clock.add(Duration.ofSeconds(5));
            assertThat(delay()).isEqualTo(5);
            delay.running(true);
            delay.reached(0, 104 * Ticks.SECOND);
            assertThat(delay()).isEqualTo(1);
            delay.running(false);
            clock.add(Duration.ofSeconds(7));
            delay.running(false);
            delay.reached(0, 112 * Ticks.SECOND);
            assertThat(delay()).isEqualTo(7);
        }
    }
}
