package io.muster.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.muster.service.KafkaConnection;
import io.muster.service.Settings;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Pins every setting of the gateway, with its default. */
class SettingsDefaultsTest {
    private static final String POLICIES = """
        service.rights=ServiceConnect
        service.primaryKey=a2V5
        service.secondaryKey=a2V5
        """;

    @Test
    void pinsTheGateway() {
        // It takes policies from one of two settings.
        Settings settings = Settings.of(new String[] {"--policies=" + POLICIES}, Map.of());
        GatewayService.Options.from(settings, new KafkaConnection("kafka.test:9092", Map.of()), () -> Instant.EPOCH);
        assertThat(settings.defaults())
                .containsOnly(
                        entry("gateway.ordinal", "0"),
                        entry("hub.hosts", "localhost"),
                        entry("policies", "none"),
                        entry("policies.file", "none"),
                        entry("devices.ca.file", "none"),
                        entry("mqtt.host", "127.0.0.1"),
                        entry("mqtts.port", "8883"),
                        entry("mqtt.port", "none"),
                        entry("mqtt.proxied.port", "none"),
                        entry("mqtt.plain.anywhere", "false"),
                        entry("mqtt.tls.certificate", "none"),
                        entry("mqtt.tls.key", "none"),
                        entry("mqtt.message.bytes", "262144"),
                        entry("mqtt.connects.per.address", "1000"),
                        entry("mqtt.refusals.per.address", "10"),
                        entry("mqtt.proxied.connects.per.address", "1000"),
                        entry("mqtt.proxied.refusals.per.address", "10"));
    }
}
