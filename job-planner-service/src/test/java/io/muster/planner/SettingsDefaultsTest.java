package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.muster.service.KafkaConnection;
import io.muster.service.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Pins every setting of the planner, with its default. */
class SettingsDefaultsTest {
    @Test
    void pinsThePlanner() {
        Settings settings = Settings.of(new String[] {"--state.dir=state"}, Map.of());
        PlannerService.Options.from(settings, new KafkaConnection("kafka.test:9092", Map.of()));
        assertThat(settings.defaults())
                .containsOnly(
                        entry("state.dir", "required"),
                        entry("threads", "2"),
                        entry("state.replication", "-1"),
                        entry("state.memory.mib", "288"),
                        entry("jobs.active.most", "0"),
                        entry("jobs.lane.most", "5"),
                        entry("jobs.operations.per.second", "0"));
    }
}
