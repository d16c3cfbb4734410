package io.muster.query.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.device.Condition;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GroupFilterTest {
    /** Is a device of a template that has connected and reports a property of a component. */
    private static final Map<String, Object> DEVICE = Map.of(
            "deviceId",
            "fridge-17",
            "lastActivityTime",
            "2026-11-21T02:25:15.0000000Z",
            "tags",
            Map.of(
                    "site",
                    "Lyon",
                    "floor",
                    3L,
                    "central",
                    Map.of("template", "dtmi:fridge:v3;1", "displayName", "Milk")),
            "properties",
            Map.of("reported", Map.of("fanSpeed", 2400L, "cooling", Map.of("hysteresis", 0.5), "open", false)));

    /** Is a device of IoT Hub that has never connected. */
    private static final Map<String, Object> BARE = Map.of(
            "deviceId",
            "bare",
            "lastActivityTime",
            "0001-01-01T00:00:00Z",
            "tags",
            Map.of("central", Map.of("simulated", true)),
            "properties",
            Map.of("reported", Map.of()));

    private static boolean matches(String where, Map<String, Object> device) throws QueryException {
        Row row = name -> device.getOrDefault(name, Values.UNDEFINED);
        return Condition.parse(GroupFilter.parse("SELECT * FROM devices WHERE " + where)
                        .condition())
                .matches(row);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        $template = "dtmi:fridge:v3;1"                              | true  | false
        $template = 'dtmi:fridge:v3;1' AND $provisioned = true      | true  | false
        $template != "dtmi:fridge:v3;1"                             | false | false
        $provisioned = false                                        | false | true
        $provisioned <> true                                        | false | true
        $simulated = true                                           | false | true
        $simulated = false                                          | true  | false
        $id = "fridge-17"                                           | true  | false
        $id IN ["fridge-17","bare"]                                 | true  | true
        $ID in ('bare', 'x')                                        | false | true
        $displayName = "Milk"                                       | true  | false
        $displayName = "bare"                                       | false | true
        site = "Lyon"                                               | true  | false
        site <> "Lyon"                                              | false | false
        floor >= 3 and floor < 4                                    | true  | false
        fanSpeed > 2400                                             | false | false
        fanSpeed > 2399.5                                           | true  | false
        cooling.hysteresis = 0.5                                    | true  | false
        open = false                                                | true  | false
        floor = -3                                                  | false | false
        site = "Paris" OR fanSpeed <= 2400 AND floor = 3            | true  | false
        (site = "Paris" OR fanSpeed <= 2400) AND floor = 4          | false | false
        """)
    void selects(String where, boolean device, boolean bare) throws QueryException {
        assertThat(matches(where, DEVICE)).as("device").isEqualTo(device);
        assertThat(matches(where, BARE)).as("bare").isEqualTo(bare);
    }

    @Test
    void selectsAllWithoutACondition() throws QueryException {
        assertThat(GroupFilter.parse("select * from Devices").condition()).isEqualTo("*");
    }

    @Test
    void namesTheTemplatesThatItNeeds() throws QueryException {
        assertThat(GroupFilter.parse(
                                "SELECT * FROM devices WHERE ($template = 'a' OR $template = \"b\") AND $template <>"
                                        + " 'c'")
                        .templates())
                .isEqualTo(List.of("a", "b"));
    }

    /** Leaves the template where an index of tags finds it. */
    @Test
    void joinsByAndSoThatAnIndexIsUsed() throws QueryException {
        Condition condition = Condition.parse(GroupFilter.parse(
                        "SELECT * FROM devices WHERE $template = 'a' AND fanSpeed > 1 AND $provisioned = true")
                .condition());
        assertThat(condition.equalities())
                .contains(new Condition.Equality(List.of("tags", "central", "template"), "a"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        SELECT id FROM devices                                   | 8  | is unexpected
        SELECT * FROM telemetry                                  | 15 | is unexpected
        SELECT * FROM devices WHERE                              | 28 | Unexpected end
        SELECT * FROM devices WHERE site = Lyon                  | 36 | is unexpected
        SELECT * FROM devices WHERE site                         | 33 | Unexpected end
        SELECT * FROM devices WHERE site IN ['a']                | 29 | IN is for $id alone
        SELECT * FROM devices WHERE $id IN [1]                   | 37 | a text in quotes
        SELECT * FROM devices WHERE NOT site = 'a'               | 29 | There is no NOT
        SELECT * FROM devices WHERE $model = 'a'                 | 29 | There is no $model
        SELECT * FROM devices WHERE $template > 'a'              | 39 | = or !=
        SELECT * FROM devices WHERE $provisioned = 'yes'         | 44 | true or false
        SELECT * FROM devices WHERE $template = true             | 41 | a text in quotes
        SELECT * FROM devices WHERE 'a' = site                   | 29 | is unexpected
        SELECT * FROM devices WHERE site = 'a' ORDER BY site     | 40 | is unexpected
        SELECT * FROM devices WHERE site = 'a                    | 36 | is unexpected
        SELECT * FROM devices WHERE is_defined(site)             | 39 | is unexpected
        """)
    void refusesWithThePlace(String filter, int column, String sentence) {
        assertThatThrownBy(() -> GroupFilter.parse(filter)).isInstanceOfSatisfying(QueryException.class, e -> {
            assertThat(e.sentence()).contains(sentence);
            assertThat(e.column()).isEqualTo(column);
        });
    }

    @Test
    void bringsNoTextOfItsAuthorOutOfItsQuotes() throws QueryException {
        assertThat(matches("site = \"x' OR deviceId = 'bare\"", BARE)).isFalse();
        assertThat(matches("site = 'x\\' OR deviceId = \\'bare'", BARE)).isFalse();
    }

    @Test
    void bringsUpTo100Comparisons() throws QueryException {
        String hundred = "a=1" + " OR a=1".repeat(99);
        assertThat(matches(hundred, BARE)).isFalse();
        assertThatThrownBy(() -> matches(hundred + " OR a=1", BARE)).hasMessageContaining("up to 100 comparisons");
        assertThatThrownBy(() -> matches(
                        "longname".repeat(40) + "=1" + (" OR " + "longname".repeat(40) + "=1").repeat(11), BARE))
                .hasMessageContaining("too long");
    }
}
