package io.muster.planner.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
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
                "{} | $reserve",
                "{\"compute\":7} | $reserve",
                "{\"compute\":{}} | $reserve",
                "{\"compute\":{\"pool\":7}} |",
                "{\"compute\":{\"pool\":\"\"}} |",
                "{\"compute\":{\"pool\":\"a/b\"}} |",
                "{\"site\":{\"compute\":{\"pool\":\"a\"}}} | $reserve"
            })
    void readsThePoolThatTheTagNamesAndTheReserveWhereItNamesNone(String tags, String pool) {
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
}
