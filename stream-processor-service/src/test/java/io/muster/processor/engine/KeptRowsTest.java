package io.muster.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.query.kernel.QueryException;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.Ticks;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keeps rows that may still be needed, and no others. */
class KeptRowsTest {
    private static StreamPlan plan(String query) throws QueryException {
        return new StreamPlan(StreamQuery.parse(query, Set.of()), (_, _) -> {});
    }

    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** Counts entries: LIMIT DURATION may be days, and a key has one however many rows come. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "LAG(v) OVER (PARTITION BY k LIMIT DURATION(day, 7))",
                "LAST(v) OVER (PARTITION BY k LIMIT DURATION(day, 7))"
            })
    void keepsAKeyOfManyRowsOnce(String function) throws QueryException {
        StreamPlan plan = plan("SELECT " + function + " AS was FROM t");
        Map<String, Object> record = Map.of("k", 1L, "v", 2L);
        long before = heap();
        for (int i = 0; i < 1_000_000; i++) {
            plan.row("t", Event.row(i * Ticks.SECOND / 10, record));
            plan.advance(i * Ticks.SECOND / 10);
        }
        long after = heap();
        assertThat(after - before).isLessThan(50_000_000);
        plan.row("t", Event.row(100_000 * Ticks.SECOND, record));
    }

    private static Event list(long second, int length, String bad) {
        Map<String, Object> record = Map.of("a", Collections.nCopies(length, 1L), "b", bad);
        return Event.row(second * Ticks.SECOND, record);
    }

    /** Writes the results of events before one that fails, though all are of one batch. */
    @Test
    void letsNoRowWaitForTheEndOfABatch() throws QueryException {
        AtomicInteger results = new AtomicInteger();
        Upstream only = new Upstream(0, 0);
        StreamQuery query = StreamQuery.parse(
                "WITH s AS (SELECT p.ArrayIndex AS i FROM t CROSS APPLY GetArrayElements(a) AS p CROSS APPLY GetArrayElements(a) AS q"
                        + " UNION SELECT CAST(b AS bigint) AS i FROM t) SELECT i FROM s",
                Set.of());
        StreamTask task =
                new StreamTask(query, List.of("t"), List.of(only), Long.MIN_VALUE, (_, _) -> results.incrementAndGet());
        for (int second = 1; second <= 3; second++) {
            task.event(only, second, list(second, 300, "1"));
        }
        task.event(only, 4, list(4, 0, "x"));
        task.watermark(only, 5 * Ticks.SECOND);
        assertThatThrownBy(task::goOn).hasMessageContaining("x can't be cast");
        assertThat(results).hasValue(3 * 90_001);
    }

    /** Gives the allowance of events that make nothing to no other event. */
    @Test
    void allowsEachEventItsRowsHoweverManyCameBefore() throws QueryException {
        StreamPlan plan = plan("SELECT COUNT(*) AS n FROM t CROSS APPLY GetArrayElements(a) AS p"
                + " CROSS APPLY GetArrayElements(a) AS q CROSS APPLY GetArrayElements(a) AS r"
                + " GROUP BY TumblingWindow(second, 10)");
        for (int i = 0; i < 999; i++) {
            plan.row("t", list(1, 0, "1"));
        }
        assertThatThrownBy(() -> plan.row("t", list(1, 1_000, "1")))
                .isInstanceOf(RowFailure.class)
                .hasMessageContaining("APPLY and JOIN make more than 1048576 rows of one");
    }

    /** Passes rows on at once, however many are of one instant: nothing is to be ordered. */
    @Test
    void letsNoRowOfAStepOfOneSelectWait() throws QueryException {
        AtomicInteger results = new AtomicInteger();
        StreamPlan plan = new StreamPlan(
                StreamQuery.parse(
                        "WITH s AS (SELECT p.ArrayIndex AS i FROM t CROSS APPLY GetArrayElements(a) AS p) SELECT i FROM s",
                        Set.of()),
                (_, _) -> results.incrementAndGet());
        plan.row("t", list(1, 300, "1"));
        assertThat(results).hasValue(300);
    }

    /** Makes rows of one instant wait until all have come. */
    @Test
    void failsAStepOfSeveralSelectsWhereTooManyRowsOfOneInstantWait() throws QueryException {
        StreamPlan plan = plan(
                "WITH s AS (SELECT p.ArrayIndex AS i FROM t CROSS APPLY GetArrayElements(a) AS p CROSS APPLY GetArrayElements(a) AS q"
                        + " UNION SELECT 1 AS i FROM t) SELECT i FROM s");
        plan.row("t", list(1, 1_000, "1"));
        plan.row("t", list(1, 1_000, "1"));
        assertThatThrownBy(() -> plan.row("t", list(1, 1_000, "1")))
                .isInstanceOf(RowFailure.class)
                .hasMessageContaining("more than 2097152 rows of APPLY and JOIN wait");
    }

    /** Keeps what each table has. */
    private final Map<List<Object>, Object> saved = new HashMap<>();

    private Map<List<Object>, Object> save(StreamPlan plan) {
        plan.save(_ -> new Table() {
            @Override
            public void put(List<Object> key, Object value) {
                if (!key.isEmpty()) { // Counters and times of the operator.
                    saved.put(key, value);
                }
            }

            @Override
            public void remove(List<Object> key) {
                saved.remove(key);
            }

            @Override
            public void forEach(BiConsumer<List<Object>, Object> entry) {}
        });
        return saved;
    }

    /** Lets an hour pass until a row expires. */
    @ParameterizedTest
    @CsvSource({"JOIN, a, 0", "JOIN, b, 0", "LEFT JOIN, a, 1", "LEFT JOIN, b, 0"})
    void keepsARowWithoutAKeyForALeftJoin(String join, String input, int count) throws QueryException {
        StreamPlan plan =
                plan("SELECT a.v FROM a " + join + " b ON DATEDIFF(minute, a, b) BETWEEN 0 AND 60 AND a.k = b.k");
        plan.row(input, Event.row(Ticks.SECOND, Map.of("v", 1L)));
        plan.advance(2 * Ticks.SECOND);
        assertThat(save(plan)).hasSize(count);
    }

    @Test
    void forgetsAKeyAsLongAfterItsLastRowAsTheFunctionLooksBack() throws QueryException {
        StreamPlan plan = plan("SELECT LAG(v) OVER (PARTITION BY k LIMIT DURATION(second, 10)) AS was FROM t");
        for (long second = 1; second < 30; second++) {
            plan.row("t", Event.row(second * Ticks.SECOND, Map.of("k", 1L, "v", 2L)));
            plan.advance(second * Ticks.SECOND + 1);
        }
        assertThat(save(plan)).hasSize(1);
        plan.advance(39 * Ticks.SECOND);
        assertThat(save(plan)).hasSize(1);
        plan.advance(39 * Ticks.SECOND + 1);
        assertThat(save(plan)).isEmpty();
    }
}
