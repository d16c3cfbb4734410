package io.muster.query.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.query.kernel.QueryException;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Computes percentiles of the numbers from 1 on, in both directions: exact shares and such as no double holds. */
class PercentileTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            PERCENTILE_DISC(0)      | ASC  | 5   | 1
            PERCENTILE_DISC(0)      | DESC | 5   | 5
            PERCENTILE_DISC(1)      | ASC  | 5   | 5
            PERCENTILE_DISC(1)      | DESC | 5   | 1
            PERCENTILE_DISC(0.5)    | ASC  | 4   | 2
            PERCENTILE_DISC(0.5)    | DESC | 4   | 3
            PERCENTILE_DISC(0.1)    | DESC | 10  | 10
            PERCENTILE_DISC(0.5)    | DESC | 10  | 6
            PERCENTILE_DISC(0.9)    | DESC | 10  | 2
            PERCENTILE_DISC(0.07)   | ASC  | 100 | 7
            PERCENTILE_DISC(0.07)   | DESC | 100 | 94
            PERCENTILE_DISC(0.55)   | ASC  | 100 | 55
            PERCENTILE_DISC(0.5501) | ASC  | 100 | 56
            PERCENTILE_DISC(0.34)   | ASC  | 3   | 2
            PERCENTILE_DISC(0.34)   | DESC | 3   | 2
            PERCENTILE_CONT(0.9)    | DESC | 11  | 2.0
            PERCENTILE_CONT(0.25)   | DESC | 4   | 3.25
            PERCENTILE_CONT(0.25)   | ASC  | 4   | 1.75
            PERCENTILE_CONT(0.07)   | ASC  | 101 | 8.0
            PERCENTILE_CONT(0.07)   | DESC | 101 | 94.0
            PERCENTILE_CONT(0.55)   | ASC  | 101 | 56.0
            PERCENTILE_CONT(0)      | ASC  | 5   | 1.0
            PERCENTILE_CONT(1)      | ASC  | 5   | 5.0
            """)
    void isTheFirstInTheOrderThatIsWritten(String function, String order, long count, String result)
            throws QueryException {
        Accumulator percentile = StreamQuery.parse(
                        "SELECT " + function + " OVER (ORDER BY v " + order + ") AS p FROM t GROUP BY SnapshotWindow()",
                        Set.of())
                .outputs()
                .getFirst()
                .select()
                .grouping()
                .orElseThrow()
                .aggregates()
                .getFirst()
                .start();
        for (long v = 1; v <= count; v++) {
            percentile.add(new RecordRow(Map.of("v", v)));
        }
        assertThat(percentile.result()).hasToString(result);
    }
}
