package io.muster.processor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.muster.processor.streamjob.topology.StreamJobReach;
import io.muster.service.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Pins every setting of the stream processor's own, with its default. */
class SettingsDefaultsTest {
    @Test
    void pinsTheReachOfStreamJobs() {
        Settings settings = Settings.of(new String[0], Map.of());
        StreamJobReach.from(settings);
        assertThat(settings.defaults())
                .containsOnly(
                        entry("stream.reference.dir", "none"),
                        entry("stream.topics", "*"),
                        entry("endpoints.allow", "none"),
                        entry("functions.processes", "8"));
    }
}
