package io.muster.document;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads numbers among the settings of sites. Contract: webjobs-and-schedules, 2.6. */
class HostSettingTest {
    @ParameterizedTest
    @CsvSource({
        "WEBJOBS_RESTART_TIME, 5, 5, true",
        "WEBJOBS_RESTART_TIME, ' 05 ', 5, true",
        "webjobs_restart_time, 5, 5, true",
        "OTHER, x, 60, true",
        "WEBJOBS_RESTART_TIME, '', 60, true",
        "WEBJOBS_RESTART_TIME, 60, 60, true",
        "WEBJOBS_RESTART_TIME, banana, 60, false",
        "WEBJOBS_RESTART_TIME, -1, 60, false",
        "WEBJOBS_RESTART_TIME, 0, 60, false",
        "WEBJOBS_RESTART_TIME, 1.5, 60, false",
        "WEBJOBS_RESTART_TIME, 999999999, 604800, false",
        "WEBJOBS_RESTART_TIME, 99999999999, 60, false"
    })
    void saysWhereAnotherValueIsUsed(String name, String value, int used, boolean isRight) {
        Map<String, String> settings = Map.of(name, value);
        assertThat(HostSetting.WEBJOBS_RESTART_TIME.of(settings)).isEqualTo(used);
        assertThat(HostSetting.WEBJOBS_RESTART_TIME.fault(settings).isEmpty()).isEqualTo(isRight);
    }
}
