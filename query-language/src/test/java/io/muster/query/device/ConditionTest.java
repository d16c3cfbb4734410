package io.muster.query.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests conditions. Contract: iot-hub, section 3. */
class ConditionTest {
    private static final Map<String, Object> TAGS = tags();
    private static final Row ROW = name -> switch (name) {
        case "deviceId" -> "pump-7";
        case "status" -> "enabled";
        case "version" -> 7;
        case "tags" -> TAGS;
        case "properties" ->
            Map.of("desired", Map.of("rate", 5, "$version", 3L), "reported", Map.of("temp", 21.5, "ok", true));
        case "capabilities" -> Map.of("iotEdge", false);
        default -> Values.UNDEFINED;
    };

    private static Map<String, Object> tags() {
        Map<String, Object> tags = new HashMap<>(Map.of(
                "site",
                "A",
                "floor",
                43,
                "zero",
                0,
                "group",
                Map.of("name", "x"),
                "list",
                List.of(1, "two"),
                "a-b",
                1));
        tags.put("gone", null);
        return tags;
    }

    private static boolean matches(String condition) throws QueryException {
        return Condition.parse(condition).matches(ROW);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*",
                "deviceId = 'pump-7'",
                "DeviceId = 'pump-7'",
                "DEVICEID = \"pump-7\"",
                "id = 'pump-7'",
                "devices.deviceId = 'pump-7'",
                "FROM devices WHERE tags.site = 'A'",
                "deviceId IN ['a', 'pump-7']",
                "deviceId in ['pump-7']",
                "deviceId IN ('pump-7')",
                "deviceId NIN ['a']",
                "deviceId NOT IN ['a', 'b']",
                "IS_DEFINED(DeviceId)",
                "is_defined(tags.gone)",
                "IS_NULL(tags.gone)",
                "tags.gone = null",
                "tags.site != null",
                "tags.site = 'A' AND tags.floor = 43",
                "tags.site = 'B' OR tags.floor = 43",
                "NOT tags.site = 'B'",
                "NOT NOT tags.site = 'A'",
                "tags.site <> 'B'",
                "tags.site != 1",
                "tags.floor > 42 and tags.floor >= 43 and tags.floor < 44 and tags.floor <= 43",
                "tags.floor = 0x2B",
                "tags.floor = 4.3e1",
                "tags.floor = 43.0",
                "-tags.floor = -43",
                "tags.floor + 2 * 3 = 49",
                "(tags.floor + 2) * 2 = 90",
                "tags.floor - 3 - 40 = 0",
                "tags.floor % 10 = 3",
                "tags.floor / 2 = 21.5",
                "tags.zero IN [-0, 1]",
                "tags.zero = -0.0",
                "tags.[[group]].name = 'x'",
                "tags.group.name = 'x'",
                "tags.[[a-b]] = 1",
                "tags.a-b = 1",
                "tags.list[1] = 'two'",
                "tags.site > '@'",
                "properties.desired.rate = 5",
                "properties.desired.$version >= 3",
                "properties.reported.ok",
                "properties.reported.ok = true",
                "capabilities.iotEdge = false",
                "version = 7",
                "true OR undefined",
                "undefined OR true",
                "STARTSWITH(deviceId, 'pump')",
                "STARTS_WITH(deviceId, 'pump')",
                "EndsWith(deviceId, '7')",
                "CONTAINS(deviceId, 'mp')",
                "LENGTH(deviceId) = 6",
                "UPPER(tags.site) = LOWER('A') OR LOWER(tags.site) = 'a'",
                "SUBSTRING(deviceId, 5) = '7' AND SUBSTRING(deviceId, 0, 4) = 'pump'",
                "SUBSTRING(deviceId, 99) = ''",
                "INDEX_OF(deviceId, '-') = 4",
                "CONCAT(tags.site, '-', tags.site) = 'A-A'",
                "ABS(-3) = 3 AND SQUARE(3) = 9 AND SQRT(9) = 3 AND POWER(2, 3) = 8 AND SIGN(-2) = -1",
                "CEILING(1.2) = 2 AND FLOOR(1.8) = 1 AND EXP(0) = 1",
                "AS_NUMBER('12.5') = 12.5",
                "IS_ARRAY(tags.list) AND IS_OBJECT(tags.group) AND IS_STRING(tags.site) AND IS_NUMBER(tags.floor)",
                "IS_BOOL(properties.reported.ok) AND IS_PRIMITIVE(tags.gone) AND NOT IS_PRIMITIVE(tags.list)",
                "'it\\'s \\u0041' = \"it's A\"",
                "tags.site\n=\t'A'",
                "tags.site = ('A')",
                "(('A')) = (tags.site)",
                "properties.reported.ok = (true)",
                "(true)",
                "NOT (false)",
                "tags.floor >= (43)",
                "tags.floor = -(-43)",
                "tags.floor = (40) + (3)",
                "STARTSWITH(tags.site, ('A'))",
                "deviceId = ('pump-7')",
                "('pump-7') IN ['pump-7']",
                "tags.list = ([1, 'two']) OR true"
            })
    void selects(String condition) throws QueryException {
        assertThat(matches(condition)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tags.Site = 'A'",
                "tags.site = 'a'",
                "tags.nothing = 1",
                "tags.nothing != 1",
                "NOT tags.nothing = 1",
                "tags.nothing NIN [1]",
                "tags.nothing = null",
                "tags.nothing = undefined",
                "tags.gone = undefined",
                "tags.gone > 1",
                "tags.site",
                "tags.floor",
                "tags.group",
                "tags.gone",
                "null",
                "undefined",
                "'true'",
                "tags.group = tags.group",
                "tags.list IN [1]",
                "tags.site > 1",
                "tags.floor / 0 = 1",
                "NOT tags.floor / 0 = 1",
                "tags.floor % 0 = 0",
                "tags.site + 'B' = 'AB'",
                "SQRT(-1) = 1",
                "AS_NUMBER('x') = 1",
                "tags.list[7] = 1",
                "undefined AND true",
                "NOT undefined",
                "tags.a - b = 1",
                "LENGTH(tags.floor) = 2",
                "deviceId IN []"
            })
    void doesNotSelect(String condition) throws QueryException {
        assertThat(matches(condition)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "SELECT * FROM devices        | 1 | 29 | Unexpected character at input 'SELECT'",
                "tags.a ==  1                 | 1 | 37 | Unexpected character at input '='",
                "tags.a =                     | 1 | 37 | Unexpected end of the query",
                "tags.a = 'open               | 1 | 38 | Unexpected character at input '''",
                "NOPE(tags.a)                 | 1 | 29 | There is no function 'NOPE'",
                "LENGTH()                     | 1 | 29 | The function 'LENGTH' takes 1 argument, not 0",
                "tags.a[99999999999] = 1      | 1 | 36 | The index of an array is at most 2147483647: write a smaller one than 99999999999",
                "FROM devices.jobs WHERE a | 1 | 34 | A job runs over devices or devices.modules",
                "a IN [-'x']                  | 1 | 35 | Only a number has a sign"
            })
    void saysWhereItFails(String condition, int line, int column, String what) {
        QueryException error = catchThrowableOfType(QueryException.class, () -> Condition.parse(condition));
        assertThat(error)
                .hasMessage("SQL query parse failed due to following errors: Line " + line + ":" + column + " " + what);
        assertThat(error.line()).isEqualTo(line);
        assertThat(error.column()).isEqualTo(column);
    }

    @Test
    void countsColumnsOfLaterLinesFromTheirStart() {
        assertThatThrownBy(() -> Condition.parse("tags.a = 1 AND\n  ="))
                .hasMessageContaining("Line 2:3 Unexpected character at input '='");
    }

    @Test
    void limitsLengthAndDepth() {
        assertThatThrownBy(() -> Condition.parse("a = '" + "x".repeat(8192) + "'"))
                .hasMessageContaining("8192");
        for (String nest : List.of("(", "NOT ", "-", "ABS(", "(NOT ")) {
            assertThatThrownBy(() -> Condition.parse(nest.repeat(8000 / nest.length())))
                    .isInstanceOf(QueryException.class)
                    .hasMessageContaining("deeper");
        }
    }

    /** Evaluates as long a chain of operators as fits into a query, on a small stack: a chain nests nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"1+", "1-", "1*", "1 OR ", "1 AND ", "NOT 1 OR "})
    void evaluatesLongChainsOnASmallStack(String part) throws Exception {
        String chain = part.repeat(8000 / part.length()) + "1 = 1";
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread small = new Thread(
                null,
                () -> {
                    try {
                        matches(chain);
                    } catch (QueryException | StackOverflowError e) {
                        thrown.set(e);
                    }
                },
                "small stack",
                192 * 1024);
        small.start();
        small.join();
        assertThat(thrown.get()).isNull();
    }

    @Test
    void refusesAListInRoundBracketsThatNoInReads() {
        assertThatThrownBy(() -> Condition.parse("tags.a = (1, 2)")).isInstanceOf(QueryException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "deviceId = 'a'                                | a",
                "'a' = id                                      | a",
                "deviceId IN ['a','b', 1]                      | a,b",
                "deviceId IN ['a','b'] AND tags.x = 1          | a,b",
                "deviceId = 'a' OR (deviceId = 'b' AND tags.x) | a,b",
                "deviceId = ('a')                              | a",
                "(('a')) = (deviceId)                          | a",
                "(deviceId) IN ('a', 'b')                      | a,b",
                "deviceId IN []                                | ``"
            })
    void knowsTheDevicesThatItNames(String condition, String ids) throws QueryException {
        Set<String> wanted =
                Arrays.stream(ids.split(",")).filter(id -> !id.isEmpty()).collect(Collectors.toSet());
        assertThat(Condition.parse(condition).deviceIds()).contains(wanted);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*",
                "tags.x = 1",
                "deviceId != 'a'",
                "NOT deviceId = 'a'",
                "deviceId NIN ['a']",
                "deviceId = 'a' OR tags.x",
                "deviceId > 'a'",
                "deviceId.x = 'a'",
                "LOWER(deviceId) = 'a'"
            })
    void evaluatesToNoMatch(String condition) throws QueryException {
        assertThat(Condition.parse(condition).deviceIds()).isEmpty();
    }

    /** Feeds random tokens: each text is parsed, or is refused with a reason; a parsed one evaluates. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void parsesOrRefusesAnyText(long seed) {
        String[] tokens = {
            "tags",
            ".",
            "a",
            "deviceId",
            "=",
            "!=",
            "<",
            "IN",
            "NOT",
            "AND",
            "OR",
            "(",
            ")",
            "[",
            "]",
            "[[",
            "]]",
            "'x'",
            "\"",
            "'",
            "1",
            "0x",
            "1e9",
            "-",
            "+",
            "*",
            "/",
            "%",
            ",",
            "LENGTH",
            "undefined",
            "null",
            "\\",
            "é",
            "\u0000",
            " ",
            "\n",
            "FROM",
            "devices",
            "WHERE",
            "NIN",
            "$",
            "#",
            "99999999999999999999"
        };
        SplittableRandom random = new SplittableRandom(seed);
        int parsed = 0;
        for (int round = 0; round < 3000; round++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "tags.a = 1 AND " : "");
            int length = 1 + random.nextInt(12);
            for (int i = 0; i < length; i++) {
                text.append(tokens[random.nextInt(tokens.length)]).append(random.nextBoolean() ? " " : "");
            }
            try {
                Condition.parse(text.toString()).matches(ROW);
                parsed++;
            } catch (QueryException e) {
                assertThat(e.getMessage()).startsWith("SQL query parse failed");
            }
        }
        assertThat(parsed).isPositive();
    }
}
