package io.muster.query.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.kernel.QueryException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folds values of v by each aggregate, in one table. Each result holds at once, after a save in the middle, and when two halves are merged. */
class AggregatesTest {
    private static Aggregate aggregate(String call) throws QueryException {
        return StreamQuery.parse("SELECT " + call + " AS a FROM input GROUP BY SnapshotWindow()", Set.of())
                .outputs()
                .getFirst()
                .select()
                .grouping()
                .orElseThrow()
                .aggregates()
                .getFirst();
    }

    private static StreamRow row(String value, int index) {
        Map<String, Object> record = new HashMap<>(Map.of("n", (long) index));
        switch (value) {
            case "-" -> {
                // NULL
            }
            case "true", "false" -> record.put("v", Boolean.valueOf(value));
            default ->
                record.put(
                        "v",
                        value.startsWith("'")
                                ? value.substring(1, value.length() - 1)
                                : value.contains(".") ? (Object) Double.valueOf(value) : Long.valueOf(value));
        }
        return new RecordRow(record);
    }

    @Test
    void failsForASumBeyond64Bits() throws QueryException {
        Accumulator sum = aggregate("SUM(v)").start();
        sum.add(row("9223372036854775807", 0));
        assertThatThrownBy(() -> sum.add(row("1", 1)))
                .isInstanceOf(EvaluationException.class)
                .hasMessageContaining("beyond 64 bits: write SUM(CAST(x AS float))");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            COUNT(*)             | 1 - 'x'            | 3
            COUNT(*)             |                    | 0
            COUNT(v)             | 1 - 'x'            | 2
            COUNT(v)             | - -                | 0
            COUNT(DISTINCT v)    | 1 1.0 2 - 'a' 'a'  | 3
            COUNT(DISTINCT v)    | - -                | 0
            SUM(v)               | 1 2 3 -            | 6
            SUM(v)               | 1 2.5              | 3.5
            SUM(v)               | 1 '2'              | 3
            SUM(v)               | 0.1 0.2 0.3        | 0.6000000000000001
            SUM(v)               | - -                | UNDEFINED
            SUM(v)               |                    | UNDEFINED
            AVG(v)               | 1 2 4 5            | 3.0
            AVG(v)               | 1 - 2              | 1.5
            AVG(v)               | 0.1 0.2 0.3        | 0.2
            AVG(v)               | -                  | UNDEFINED
            STDEV(v)             | 2 4 4 4 5 5 7 9    | 2.138089935299395
            STDEV(v)             | 3                  | UNDEFINED
            STDEVP(v)            | 2 4 4 4 5 5 7 9    | 2.0
            STDEVP(v)            | 3                  | 0.0
            VAR(v)               | 1 2 3 4            | 1.6666666666666667
            VARP(v)              | 1 2 3 4            | 1.25
            VARP(v)              | -                  | UNDEFINED
            MIN(v)               | 3 1.5 2 -          | 1.5
            MAX(v)               | 3 1.5 2 -          | 3
            MAX(v)               | '9' '10'           | 10.0
            MAX(CAST(v AS nvarchar(max))) | 'a' 'c' 'b' | c
            MIN(v)               | -                  | UNDEFINED
            COLLECT(v)           | 1 'a' 2.5          | [1, a, 2.5]
            TOPONE(n) OVER (ORDER BY v DESC)        | 1 3 2 3     | 1
            COLLECTTOP(2, n) OVER (ORDER BY v)      | 1 3 0 3     | [{rank=1, value=2}, {rank=2, value=0}]
            PERCENTILE_DISC(0.5) OVER (ORDER BY v)  | 5 1 - 3     | 3
            PERCENTILE_CONT(0.5) OVER (ORDER BY v)  | 1 2         | 1.5
            """)
    void foldsValues(String call, String values, String result) throws QueryException {
        List<String> given = values == null ? List.of() : Arrays.asList(values.split(" "));
        Aggregate aggregate = aggregate(call);
        Accumulator all = aggregate.start();
        Accumulator first = aggregate.start();
        Accumulator second = aggregate.start();
        for (int i = 0; i < given.size(); i++) {
            StreamRow row = row(given.get(i), i);
            Accumulator saved = aggregate.start();
            saved.load(all.save());
            all = saved;
            all.add(row);
            (2 * i < given.size() ? first : second).add(row);
        }
        first.merge(second);
        assertThat(all.result()).hasToString(result);
        assertThat(first.result()).hasToString(result);
    }
}
