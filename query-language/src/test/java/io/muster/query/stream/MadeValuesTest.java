package io.muster.query.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.QueryException;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A query makes values up to a bound, however it puts them together: what it makes is in the memory of every other job. */
class MadeValuesTest {
    private static final int HALF = 600_000;
    private static final StreamRow ROW = new RecordRow(
            Map.of("a", "x".repeat(HALF), "sharp", "\u00df".repeat(HALF), "many", "xx".repeat(HALF), "n", 1L));

    private static StreamQuery.Select select(String text) throws QueryException {
        return StreamQuery.parse(text, Set.of()).outputs().getFirst().select();
    }

    private static Object value(String expression) throws QueryException {
        return select("SELECT " + expression + " AS v FROM t")
                .columns()
                .getFirst()
                .value()
                .evaluate(ROW);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            CONCAT(a, n, a)                       | text
            a + a                                 | text
            n + 1 + LEN(a + 'x' + a)              | text
            REPLACE(a, 'x', 'yy')                 | text
            REPLACE(a, 'xxx', REPLACE(a, 'x', '')+ 'aaaaaaaaaaaaaaa') | text
            SPLIT(many, 'x')                      | array
            """)
    void noneIsLongerThanItMayBe(String expression, String type) {
        assertThatThrownBy(() -> value(expression))
                .isInstanceOf(EvaluationException.class)
                .hasMessageEndingWith(
                        type.equals("text")
                                ? " makes a text of more than 1048576 characters"
                                : " makes an array of more than 1048576 elements");
    }

    @Test
    void whatIsShorterIsMade() throws QueryException {
        assertThat(value("REPLACE(CONCAT(a, LEFT(a, 100000)), 'x', 'y')")).isEqualTo("y".repeat(HALF + 100_000));
        assertThat(value("REPLACE(a + LEFT(a, 448576), 'x', '')")).isEqualTo("");
        assertThat(value("LEN(a + LEFT(a, 448576))")).isEqualTo(1_048_576L);
        assertThat(value("LOWER(UPPER(sharp))")).isEqualTo("\u00df".repeat(HALF));
        assertThatThrownBy(() -> value("LEN(a + LEFT(a, 448577))")).isInstanceOf(EvaluationException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Collect(a)",
                "Collect()",
                "CollectTop(9, a) OVER (ORDER BY n)",
                "CollectTop(9) OVER (ORDER BY n)"
            })
    void whatIsCollectedHasABound(String aggregate) throws QueryException {
        Accumulator accumulator = select("SELECT " + aggregate + " AS v FROM t GROUP BY TumblingWindow(second, 1)")
                .grouping()
                .orElseThrow()
                .aggregates()
                .getFirst()
                .start();
        accumulator.add(new RecordRow(Map.of("a", "x".repeat(HALF), "n", 1L)));
        assertThatThrownBy(() -> accumulator.add(new RecordRow(Map.of("a", "x".repeat(HALF), "n", 2L))))
                .isInstanceOf(EvaluationException.class)
                .hasMessage(aggregate.substring(0, aggregate.indexOf('('))
                        + " makes an array of more than 1048576 characters and values");
    }
}
