package io.muster.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.service.KafkaConnection;
import io.muster.service.Settings;
import io.muster.service.SettingsException;
import java.time.InstantSource;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatewayOptionsTest {
    private static final KafkaConnection KAFKA = new KafkaConnection("localhost:9092", Map.of());
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "MUSTER_POLICIES", "device.rights=DeviceConnect\ndevice.primaryKey=AAAA\ndevice.secondaryKey=AAAA\n");

    private static GatewayService.Options options(String... args) {
        Settings settings = Settings.of(args, ENVIRONMENT);
        GatewayService.Options options = GatewayService.Options.from(settings, KAFKA, InstantSource.system());
        settings.rejectUnknown();
        return options;
    }

    @ParameterizedTest
    @ValueSource(strings = {"--mqtt.port=0", "--mqtt.proxied.port=0"})
    void rejectsPlainMqttOnANetworkUnlessAllowed(String port) {
        assertThatCode(() -> options(port)).doesNotThrowAnyException();
        assertThatThrownBy(() -> options(port, "--mqtt.host=0.0.0.0"))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("would show tokens to the network");
        assertThatCode(() -> options(port, "--mqtt.host=0.0.0.0", "--mqtt.plain.anywhere=true"))
                .doesNotThrowAnyException();
    }

    @Test
    void takesEachSettingIndependently() {
        assertThat(options(
                                "--mqtt.tls.certificate=c.pem",
                                "--mqtt.tls.key=k.pem",
                                "--mqtt.proxied.port=1",
                                "--mqtt.host=0.0.0.0",
                                "--mqtt.plain.anywhere=false")
                        .mqtt()
                        .proxiedPort())
                .hasValue(1);
    }
}
