package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.muster.service.KafkaConnection;
import io.muster.service.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pins every setting of the API, with its default. */
class SettingsDefaultsTest {
    private static final String POLICIES = """
        service.rights=ServiceConnect
        service.primaryKey=a2V5
        service.secondaryKey=a2V5
        """;

    @TempDir
    private Path folder;

    @Test
    void pinsTheApi() throws Exception {
        Path file = Files.createFile(folder.resolve("any.pem"));
        Settings settings = Settings.of(
                new String[] {
                    "--rest.tls.certificate=" + file,
                    "--rest.tls.key=" + file,
                    "--policies=" + POLICIES,
                    "--websocket.gateway=gateway.test:8884"
                },
                Map.of());
        ApiService.Options.from(settings, new KafkaConnection("kafka.test:9092", Map.of()), () -> Instant.EPOCH);
        assertThat(settings.defaults())
                .containsOnly(
                        entry("api.instance", "0"),
                        entry("hub.hosts", "localhost"),
                        entry("policies", "none"),
                        entry("policies.file", "none"),
                        entry("rest.host", "127.0.0.1"),
                        entry("rest.port", "8443"),
                        entry("rest.connections.per.address", "1000"),
                        entry("rest.plain", "false"),
                        entry("rest.tls.certificate", "required"),
                        entry("rest.tls.key", "required"),
                        entry("messages.life", "PT1H"),
                        entry("stream.topics", "*"),
                        entry("endpoints.allow", "none"),
                        entry("artifacts.largest.mib", "100"),
                        entry("artifacts.total.mib", "20480"),
                        entry("websocket.gateway", "none"),
                        entry("websocket.gateway.name", "gateway.test"),
                        entry("websocket.gateway.trust", "none"),
                        entry("oidc.issuer", "none"),
                        entry("oidc.audience", "none"),
                        entry("oidc.roles.claim", "roles"),
                        entry("oidc.trust", "none"),
                        entry("throttle.registry.per.minute", "0"),
                        entry("throttle.twins.per.minute", "0"),
                        entry("throttle.methods.per.minute", "0"),
                        entry("throttle.jobs.per.minute", "0"),
                        entry("throttle.queries.per.minute", "0"),
                        entry("throttle.messages.per.minute", "0"),
                        entry("throttle.central.per.minute", "1200"),
                        entry("central.groups.most", "500"),
                        entry("jobs.resume.allowed", "true"));
    }
}
