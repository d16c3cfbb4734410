package io.muster.query.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.kernel.QueryException;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bounds the values that a query makes, however it puts them together: they are in the memory of every other job. */
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
    void refusesValuesBeyondTheBound(String expression, String type) {
        assertThatThrownBy(() -> value(expression))
                .isInstanceOf(EvaluationException.class)
                .hasMessageEndingWith(
                        type.equals("text")
                                ? " makes a text of more than 1048576 characters"
                                : " makes an array of more than 1048576 elements");
    }

    @Test
    void makesValuesWithinTheBound() throws QueryException {
        assertThat(value("REPLACE(CONCAT(a, LEFT(a, 100000)), 'x', 'y')")).isEqualTo("y".repeat(HALF + 100_000));
        assertThat(value("REPLACE(a + LEFT(a, 448576), 'x', '')")).isEqualTo("");
        assertThat(value("LEN(a + LEFT(a, 448576))")).isEqualTo(1_048_576L);
        assertThat(value("LOWER(UPPER(sharp))")).isEqualTo("\u00df".repeat(HALF));
        assertThatThrownBy(() -> value("LEN(a + LEFT(a, 448577))")).isInstanceOf(EvaluationException.class);
    }

    @ParameterizedTest
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            CHARINDEX(LEFT(a, 300000) + 'y', a)           | CHARINDEX
            CHARINDEX(LEFT(a, 200000) + 'y', a, 2)        | CHARINDEX
            REPLACE(a, LEFT(a, 300000) + 'y', '')         | REPLACE
            SPLIT(a, LEFT(a, 300000) + 'y')               | SPLIT
            PATINDEX('%' + LEFT(a, 3900) + 'y%', a)       | PATINDEX
            CASE WHEN a LIKE '%' + LEFT(a, 3900) + 'y%' THEN 1 ELSE 0 END | LIKE
            """)
    void boundsASearch(String expression, String function) {
        assertThatThrownBy(() -> value(expression))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining(function + " takes more than 100000000 steps");
    }

    @Test
    void searchesUpToTheBound() throws QueryException {
        assertThat(value("CHARINDEX('yy', a)")).isEqualTo(0L);
        assertThat(value("CHARINDEX(LEFT(a, 599990), a)")).isEqualTo(1L);
        assertThat(value("REPLACE(a, a, 'y')")).isEqualTo("y");
        assertThat(value("REPLACE(a, LEFT(a, 100), '')")).isEqualTo("");
        assertThat(value("CHARINDEX(many, a)")).isEqualTo(0L);
        assertThat(value("PATINDEX('%y%', a)")).isEqualTo(0L);
    }

    /** Comes to the bound exactly with two rows, of which the first is saved and loaded in between. */
    @ParameterizedTest
    @ValueSource(strings = {"Collect(x)", "CollectTop(1000, x) OVER (ORDER BY n)"})
    void weighsALoadedStateAsTheSavedOne(String aggregate) throws QueryException {
        Aggregate made = select("SELECT " + aggregate + " AS v FROM t GROUP BY TumblingWindow(second, 1)")
                .grouping()
                .orElseThrow()
                .aggregates()
                .getFirst();
        StreamRow half = new RecordRow(Map.of("x", "x".repeat(1_048_576 / 2 - 9), "n", 1L));
        StreamRow tiny = new RecordRow(Map.of("x", "", "n", 1L));
        Accumulator straight = made.start();
        straight.add(half);
        straight.add(half);
        Accumulator loaded = made.start();
        loaded.load(straight.save());
        int more = 0;
        while (takes(straight, tiny)) {
            more++;
        }
        for (int i = 0; i < more; i++) {
            assertThat(takes(loaded, tiny)).as("row %d of %d", i + 1, more).isTrue();
        }
        assertThat(takes(loaded, tiny)).isFalse();
    }

    private static boolean takes(Accumulator accumulator, StreamRow row) {
        try {
            accumulator.add(row);
            return true;
        } catch (EvaluationException _) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Collect(a)",
                "Collect()",
                "CollectTop(9, a) OVER (ORDER BY n)",
                "CollectTop(9) OVER (ORDER BY n)"
            })
    void boundsCollectedValues(String aggregate) throws QueryException {
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
