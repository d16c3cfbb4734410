package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.muster.service.endpoint.EndpointAccess;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Pins every setting that services share, with its default. */
class SettingsDefaultsTest {
    private static Settings given(String... args) {
        return Settings.of(args, Map.of());
    }

    @Test
    void pinsTheNamespace() {
        Settings settings = ServiceProgram.settings();
        assertThat(settings.defaults()).containsOnly(entry("topics.prefix", "none"));
    }

    @Test
    void pinsTheConnectionToKafka() {
        Settings settings = given("--kafka.bootstrap.servers=kafka.test:9092");
        KafkaConnection.from(settings);
        assertThat(settings.defaults())
                .containsOnly(entry("kafka.bootstrap.servers", "required"), entry("kafka.properties.file", "none"));
    }

    @Test
    void pinsTheRegistry() {
        Settings settings = given("--registry.url=http://registry.test");
        Registries.from(settings);
        assertThat(settings.defaults())
                .containsOnly(
                        entry("registry.url", "required"),
                        entry("registry.user", "none"),
                        entry("registry.password.file", "none"),
                        entry("registry.ca.file", "none"));
    }

    @Test
    void pinsStreamsApplications() {
        Settings settings = given("--state.dir=state");
        StreamsApplication.Options.from(
                settings, "application", new KafkaConnection("kafka.test:9092", Map.of()), Map.of());
        assertThat(settings.defaults())
                .containsOnly(entry("state.dir", "required"), entry("threads", "2"), entry("state.replication", "-1"));
    }

    @Test
    void pinsOperations() {
        Settings settings = given();
        OperationsServer.Address.from(settings);
        assertThat(settings.defaults())
                .containsOnly(entry("operations.host", "127.0.0.1"), entry("operations.port", "0"));
    }

    @Test
    void pinsTraces() {
        Settings settings = given();
        Traces.from(settings, "service").close();
        assertThat(settings.defaults()).containsOnly(entry("traces.endpoint", "none"), entry("traces.share", "0.01"));
    }

    @Test
    void pinsEndpoints() {
        Settings settings = given();
        EndpointAccess.from(settings);
        assertThat(settings.defaults()).containsOnly(entry("endpoints.allow", "none"));
    }

    @Test
    void pinsTopics() {
        Settings settings = given();
        Provisioning.Options.from(settings);
        assertThat(settings.defaults())
                .containsOnly(
                        entry("topics.partitions.jobs", "6"),
                        entry("topics.partitions.devices", "24"),
                        entry("topics.partitions.gateways", "16"),
                        entry("topics.partitions.api", "16"),
                        entry("topics.replication", "3"),
                        entry("topics.drift", "report"),
                        entry("topics.within", "PT0S"));
    }
}
