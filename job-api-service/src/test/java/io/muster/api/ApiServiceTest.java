package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.api.job.Views;
import org.junit.jupiter.api.Test;

class ApiServiceTest {
    /** Spells states in metrics as REST does. */
    @Test
    void countsJobsByTheStatesThatCallersRead() {
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        ApiService.register(Views.empty().jobs(), meters);
        assertThat(meters.scrape().lines().filter(line -> line.startsWith("muster_jobs{")))
                .contains("muster_jobs{status=\"completed\"} 0.0", "muster_jobs{status=\"queued\"} 0.0")
                .allMatch(line -> line.equals(line.toLowerCase()));
    }
}
