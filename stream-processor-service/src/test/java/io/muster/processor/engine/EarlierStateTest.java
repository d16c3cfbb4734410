package io.muster.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** A query goes on with what an earlier version saved: stream jobs run over an upgrade. */
class EarlierStateTest {
    private static final long SECOND = 10_000_000;

    /** @param entries by their keys */
    private record Saved(Map<List<Object>, Object> entries) implements Table {
        @Override
        public void put(List<Object> key, Object value) {}

        @Override
        public void remove(List<Object> key) {}

        @Override
        public void forEach(BiConsumer<List<Object>, Object> entry) {
            entries.forEach(entry);
        }
    }

    private static List<Object> event(long second, Map<String, Object> record) {
        return List.of(second * SECOND, record, Map.of());
    }

    private static List<Map<String, Object>> results(
            String query, Map<List<Object>, Object> state, String input, long second, Map<String, Object> record)
            throws Exception {
        List<Map<String, Object>> results = new ArrayList<>();
        StreamPlan plan =
                new StreamPlan(StreamQuery.parse(query, Set.of()), (_, row) -> results.add(Map.copyOf(row.record())));
        IntFunction<Table> tables = place -> new Saved(place == 0 ? state : Map.of());
        plan.load(tables);
        plan.row(input, Event.row(second * SECOND, record));
        plan.advance((second + 60) * SECOND);
        return results;
    }

    @Test
    void rowsOfAJoin() throws Exception {
        String join = "SELECT a.v, b.w FROM a JOIN b ON DATEDIFF(second, a, b) BETWEEN 0 AND 5 AND a.k = b.k";
        Map<List<Object>, Object> state = Map.of(
                List.of(), 1L, List.of(0L), List.of(0L, SECOND, false, List.of(event(1, Map.of("k", 7L, "v", 1L)))));
        assertThat(results(join, state, "b", 3, Map.of("k", 7L, "w", 2L))).containsExactly(Map.of("v", 1L, "w", 2L));
    }

    @Test
    void rowsOfAJoinThatJoined() throws Exception {
        Object joined = List.of(event(1, Map.of("v", 1L)), event(2, Map.of("w", 2L)));
        StreamRow row = Rows.joined((List<?>) joined, 2 * SECOND);
        assertThat(row.part(0).member("v")).isEqualTo(1L);
        assertThat(row.part(1).member("w")).isEqualTo(2L);
        assertThat(row.time()).isEqualTo(2 * SECOND);
    }

    @Test
    void rowsOfASlidingWindow() throws Exception {
        String sliding = "SELECT SUM(v) AS s FROM a GROUP BY SlidingWindow(second, 10)";
        Map<List<Object>, Object> state = Map.of(List.of(List.of()), List.of(event(1, Map.of("v", 1L))));
        assertThat(results(sliding, state, "a", 3, Map.of("v", 2L))).contains(Map.of("s", 3L));
    }
}
