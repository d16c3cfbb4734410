package io.muster.planner.pool.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.planner.pool.topology.PoolMeters.Load;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Measures pools, of which users make as many as they like. */
class PoolMetersTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final PoolMeters meters = new PoolMeters(registry);

    private double value(String pool, String state) {
        return registry.get("muster.pool.tasks")
                .tags("pool", pool, "state", state)
                .gauge()
                .value();
    }

    private List<Meter> all() {
        return registry.getMeters();
    }

    @Test
    void measuresThePoolsOfAllPartitions() {
        meters.report(0, List.of(new Load("a", 3, 2, 0), new Load("idle", 0, 0, 0)));
        meters.report(1, List.of(new Load("b", 0, 0, 7)));
        assertThat(value("a", "waiting")).isEqualTo(3);
        assertThat(value("a", "running")).isEqualTo(2);
        assertThat(registry.get("muster.pool.slots.free")
                        .tags("pool", "b")
                        .gauge()
                        .value())
                .isEqualTo(7);
        assertThat(all())
                .as("two series of tasks and one of slots for each pool")
                .hasSize(6);
    }

    @Test
    void forgetsThePoolsOfAPartitionThatGoesElsewhere() {
        meters.report(0, List.of(new Load("a", 3, 2, 0)));
        meters.report(1, List.of(new Load("b", 1, 0, 0)));
        meters.report(0, List.of());
        assertThat(registry.find("muster.pool.tasks").tags("pool", "a").gauges())
                .isEmpty();
        assertThat(value("b", "waiting")).isEqualTo(1);
    }

    @Test
    void namesThePoolsInWhichMostWaitsAndSumsUpTheOthers() {
        meters.report(
                0,
                IntStream.rangeClosed(1, 1_000)
                        .mapToObj(i -> new Load("p" + i, i, 1, 0))
                        .toList());
        assertThat(all()).hasSize(3 * 101);
        assertThat(value("p1000", "waiting")).isEqualTo(1_000);
        assertThat(value("p901", "waiting")).isEqualTo(901);
        assertThat(registry.find("muster.pool.tasks").tags("pool", "p900").gauges())
                .isEmpty();
        assertThat(value("$others", "waiting")).isEqualTo(900 * 901 / 2.0);
        assertThat(value("$others", "running")).isEqualTo(900);
    }
}
