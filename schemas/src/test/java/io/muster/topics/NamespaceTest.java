package io.muster.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names without a prefix; SharedKafkaTest has one. */
class NamespaceTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "plant",
                "plant-",
                ".",
                "-.",
                "a.b.",
                "Plant.",
                "pl ant.",
                "pl_ant.",
                "ä.",
                "muster-job-planner.",
                "a2345678901234567890123456789012345678901."
            })
    void refusesWhatIsNoPrefix(String prefix) {
        assertThatThrownBy(() -> Namespace.use(prefix))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + prefix + "\"");
    }

    @Test
    void staysOnceNamesWereGivenOut() {
        assertThat(Topics.JOBS.name()).isEqualTo("jobs");
        assertThatCode(() -> Namespace.use("")).doesNotThrowAnyException();
        assertThatThrownBy(() -> Namespace.use("late.")).isInstanceOf(IllegalStateException.class);
        assertThat(Namespace.name("muster-gateway-0")).isEqualTo("muster-gateway-0");
    }
}
