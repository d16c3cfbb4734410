package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetersTest {
    private final PrometheusMeterRegistry meters = Meters.create("a-service");

    @Test
    void putsStoresOfAllKindsIntoOneFamily() {
        for (String kind : new String[] {"rocksdb", "rocksdb.session", "in.memory"}) {
            Gauge.builder("kafka.stream.state.estimate.num.keys", () -> 7)
                    .tag(kind + ".state.id", "store-" + kind)
                    .register(meters);
        }
        assertThat(meters.scrape())
                .contains("kafka_stream_state_estimate_num_keys{service=\"a-service\",store=\"store-rocksdb\"} 7.0")
                .contains("kafka_stream_state_estimate_num_keys{service=\"a-service\",store=\"store-in.memory\"} 7.0")
                .contains("store=\"store-rocksdb.session\"");
    }

    @Test
    void keepsTheListedMetersOfKafka() {
        meters.counter("kafka.stream.state.range.latency.max").increment();
        meters.counter("kafka.producer.record.send.total").increment();
        assertThat(meters.scrape()).doesNotContain("range_latency").contains("kafka_producer_record_send_total");
    }

    @Test
    void describesMetersAndTheVersion() {
        meters.counter("muster.gateway.received", "kind", "telemetry").increment();
        assertThat(meters.scrape())
                .contains("# HELP muster_gateway_received_total Messages of devices by kind")
                .containsPattern(
                        "muster_build_info\\{java=\"25[^\"]*\",service=\"a-service\",version=\"\\d+\\.\\d+\\.\\d+");
    }

    @Test
    void showsNoEndOfAnUnreadableCertificate(@TempDir Path folder) throws IOException {
        Path chain = Files.writeString(folder.resolve("chain.pem"), "nothing");
        Meters.certificate(meters, chain, "rest");
        assertThat(meters.scrape())
                .contains(
                        "muster_certificate_expiry_timestamp_seconds{certificate=\"rest\",service=\"a-service\"} NaN");
    }
}
