package io.muster.query.odata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import io.muster.query.odata.ODataFilter.Type;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ODataFilterTest {
    private static final Map<String, Type> PROPERTIES = Map.of(
            "id",
            Type.TEXT,
            "state",
            Type.TEXT,
            "creationTime",
            Type.TIME,
            "requiredSlots",
            Type.NUMBER,
            "isAutoPool",
            Type.FLAG,
            "displayName",
            Type.TEXT,
            "executionInfo/exitCode",
            Type.NUMBER,
            "nodeInfo/nodeId",
            Type.TEXT,
            "metadata",
            Type.ANY);
    private static final Map<String, Object> TASK = Map.of(
            "id",
            "it's-1",
            "state",
            "completed",
            "creationTime",
            "2026-11-21T02:25:15.120Z",
            "requiredSlots",
            2L,
            "isAutoPool",
            true,
            "executionInfo",
            Map.of("exitCode", -7L));
    private static final Row ROW = name -> TASK.getOrDefault(name, Values.UNDEFINED);

    private static boolean matches(String filter) throws QueryException {
        return ODataFilter.parse(filter, PROPERTIES).matches(ROW);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            state eq 'completed'                                               | true
            state eq 'Completed'                                               | true
            state ne 'completed'                                               | false
            state eq 'active' or state eq 'completed'                          | true
            state eq 'active' or state eq 'completed' and requiredSlots gt 2   | false
            (state eq 'active' or state eq 'completed') and requiredSlots ge 2 | true
            not (state eq 'active')                                            | true
            not state eq 'active'                                              | true
            id eq 'it''s-1'                                                    | true
            startswith(id,'it')                                                | true
            startswith(id, 'IT''S') and isAutoPool                             | true
            not startswith(id,'x')                                             | true
            startswith(id,'it') eq true                                        | true
            startswith(displayName,'a')                                        | false
            executionInfo/exitCode lt 0                                        | true
            executionInfo/exitCode eq -7                                       | true
            executionInfo/exitCode le -7.5                                     | false
            executionInfo/exitCode ne null                                     | true
            nodeInfo/nodeId eq null                                            | true
            nodeInfo/nodeId eq 'a'                                             | false
            nodeInfo/nodeId ne 'a'                                             | true
            displayName eq null                                                | true
            displayName gt 'a'                                                 | false
            not (displayName gt 'a')                                           | true
            requiredSlots lt 3L                                                | true
            isAutoPool eq true                                                 | true
            isAutoPool eq false                                                | false
            2 eq requiredSlots                                                 | true
            creationTime gt datetime'2026-11-21T02:25:15Z'                     | true
            creationTime gt DateTime'2026-11-21T03:25:16+01:00'                | false
            creationTime eq datetime'2026-11-21T02:25:15.12'                   | true
            creationTime lt datetime'2026-11-22T00:00:00Z' and creationTime ge datetime'2026-11-21T00:00:00Z' | true
            metadata eq null                                                   | true
            null eq id                                                         | false
            """)
    void selectsRows(String filter, boolean selected) throws QueryException {
        assertThat(matches(filter)).isEqualTo(selected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            stat eq 'active'              | 1:1 There is no property stat to filter on
            state eq active               | 1:10 There is no property active to filter on
            executionInfo eq 1            | 1:1 There is no property executionInfo to filter on
            state eq                      | Unexpected end
            state = 'active'              | '=' is unexpected
            state eq 'active' id          | 'id' is unexpected
            endswith(id,'x')              | There is no function endswith
            startswith(id)                | startswith takes two operands
            creationTime gt datetime'now' | There is no such date
            creationTime gt '2020'        | 1:17 creationTime is a time, such as datetime'2026-11-21T02:25:16Z'
            creationTime eq 5             | creationTime is a time
            state eq 5                    | 1:10 state is a text, such as 'active', and compares with no other value
            requiredSlots eq '2'          | requiredSlots is a number
            executionInfo/exitCode gt 'a' | executionInfo/exitCode is a number
            id eq true                    | id is a text
            isAutoPool eq 'x'             | isAutoPool is true or false
            5 eq id                       | 5 is a number
            id gt datetime'2026-11-21T02:25:15Z' | id is a text
            id eq creationTime            | id is a text
            startswith(requiredSlots,'7') | startswith takes texts
            startswith(id,'a') eq 1       | is true or false
            state eq 'active              | ''' is unexpected
            (state eq 'active'            | Unexpected end
            """)
    void saysWhereAFilterIsWrong(String filter, String message) {
        assertThatThrownBy(() -> matches(filter))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining(message.replace("'''", "'"));
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 400})
    void boundsTheDepth(int brackets) {
        assertThatThrownBy(() -> matches("(".repeat(brackets) + "isAutoPool" + ")".repeat(brackets)))
                .hasMessageContaining("nested deeper");
        assertThatThrownBy(() -> matches("not ".repeat(brackets) + "isAutoPool"))
                .hasMessageContaining("nested deeper");
    }

    @Test
    void boundsTheLength() {
        assertThatThrownBy(() -> matches("isAutoPool or ".repeat(200) + "isAutoPool"))
                .hasMessageContaining("longer than");
    }

    /** Never ends with another exception than the one that names the place. */
    @Test
    void refusesOrTakesAnyText() {
        List<String> parts = List.of(
                "state",
                "eq",
                "ne",
                "gt",
                "and",
                "or",
                "not",
                "(",
                ")",
                ",",
                "/",
                "'a'",
                "'",
                "1",
                "-1",
                "1.5",
                "null",
                "true",
                "startswith",
                "executionInfo",
                "exitCode",
                "datetime'2026-01-01T00:00:00Z'",
                "datetime'x'",
                "\u0000",
                "é",
                "$",
                " ",
                "99999999999999999999");
        Random random = new Random(7);
        int taken = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(8); length >= 0; length--) {
                text.append(parts.get(random.nextInt(parts.size()))).append(random.nextInt(4) > 0 ? " " : "");
            }
            try {
                matches(text.toString());
                taken++;
            } catch (QueryException e) {
                assertThat(e.column()).as(text.toString()).isPositive();
            }
        }
        assertThat(taken).isPositive();
    }
}
