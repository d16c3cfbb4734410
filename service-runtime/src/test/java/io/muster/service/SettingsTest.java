package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    private static Settings given(String... args) {
        return Settings.of(args, Map.of("MUSTER_REST_PORT", "1", "MUSTER_REST_HOST", " "));
    }

    @Test
    void prefersAnArgumentToTheEnvironment() {
        assertThat(given().number("rest.port", 5)).isEqualTo(1);
        assertThat(given("--rest.port=2").number("rest.port", 5)).isEqualTo(2);
    }

    @Test
    void treatsBlankAsAbsent() {
        assertThat(given().text("rest.host", "localhost")).isEqualTo("localhost");
    }

    @ParameterizedTest
    @CsvSource({"250ms,PT0.25S", "10s,PT10S", "5m,PT5M", "2h,PT2H", "1d,PT24H", "PT1.5S,PT1.5S"})
    void parsesDurations(String text, Duration duration) {
        assertThat(given("--a.b=" + text).duration("a.b", Duration.ZERO)).isEqualTo(duration);
    }

    @Test
    void describesAWrongSettingInOneSentence() {
        assertThatThrownBy(() -> given().text("kafka.bootstrap.servers"))
                .isInstanceOf(SettingsException.class)
                .hasMessage("The setting kafka.bootstrap.servers is missing: "
                        + "give --kafka.bootstrap.servers=… or MUSTER_KAFKA_BOOTSTRAP_SERVERS.");
        assertThatThrownBy(() -> given("--a.b=ten").number("a.b", 1))
                .hasMessage("The setting a.b is a whole number, not \"ten\".");
        assertThatThrownBy(() -> given("--a.b=soon").duration("a.b", Duration.ZERO))
                .hasMessageContaining("a duration such as 250ms, 10s or 5m");
        assertThatThrownBy(() -> given("--a.b=yes").flag("a.b", false)).hasMessageContaining("true or false");
        assertThatThrownBy(() -> given("rest.port=1")).hasMessageContaining("--name=value");
        assertThatThrownBy(() -> given("--a=1", "--a=2")).hasMessageContaining("given twice");
    }

    @Test
    void refusesAnUnknownArgument() {
        Settings settings = given("--rest.prot=1");
        assertThat(settings.number("rest.port", 5)).isEqualTo(1);
        assertThatThrownBy(settings::rejectUnknown).hasMessageContaining("No setting is called rest.prot");
    }
}
