package io.muster.planner.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PoolTagTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"compute\":{\"pool\":\"default\"}} | default",
                "{\"compute\":{\"pool\":\"a-B_9\",\"other\":1}} | a-B_9",
                "{\"compute\":{\"spare\":true}} | $reserve",
                "{\"compute\":{\"pool\":\"a\",\"spare\":true}} | a",
                "{} |",
                "{\"compute\":7} |",
                "{\"compute\":{}} |",
                "{\"compute\":{\"spare\":\"true\"}} |",
                "{\"compute\":{\"spare\":false}} |",
                "{\"spare\":true} |",
                "{\"compute\":{\"pool\":7}} |",
                "{\"compute\":{\"pool\":\"\"}} |",
                "{\"compute\":{\"pool\":\"a/b\"}} |",
                "{\"site\":{\"compute\":{\"pool\":\"a\"}}} |"
            })
    void readsThePoolThatTheTagNamesAndTheReserveOfASpareNodeAndNoneOfAnyOtherDevice(String tags, String pool) {
        assertThat(PoolTag.of(tags)).isEqualTo(Optional.ofNullable(pool));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"compute\":{\"pool\":\"default\",\"drain\":true}} | true",
                "{\"compute\":{\"pool\":\"default\",\"drain\":\"true\"}} | false",
                "{\"compute\":{\"pool\":\"default\"}} | false",
                "{\"drain\":true} | false",
                "{} | false"
            })
    void readsWhetherTheDeviceIsDrained(String tags, boolean drained) {
        assertThat(PoolTag.isDrained(tags)).isEqualTo(drained);
    }

    @Test
    void keepsTheMarkOfASpareNodeThatIsLentToAPool() {
        assertThat(PoolTag.patch("edge")).isEqualTo("{\"compute\":{\"pool\":\"edge\"}}");
        assertThat(PoolTag.patch(PoolTag.RESERVE)).contains("\"spare\":true").contains("\"pool\":null");
        assertThat(PoolTag.isSpare("{\"compute\":{\"pool\":\"edge\",\"spare\":true}}"))
                .isTrue();
        assertThat(PoolTag.isSpare("{\"compute\":{\"pool\":\"edge\"}}")).isFalse();
    }
}
