package io.muster.processor.engine.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamRun;
import io.muster.processor.engine.StreamTask;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.processor.engine.TimePolicy;
import io.muster.query.kernel.QueryException;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamValues;
import io.muster.query.stream.Ticks;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.functions.TableFunction;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Compares results with those of Flink SQL over the same seeded rows, where both languages mean the same. No event stands on the edge of a window
 * or of a bound: there they differ by design, and the golden files have our results.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FlinkComparisonTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final int EVENTS = 800;
    private static final int SECONDS = 120;
    private static final double OFF_TIES = 1 + 1e-9;

    /** Holds an event; a value may be missing. */
    private record Given(
            Instant at,
            long id,
            @Nullable String k,
            @Nullable Double v,
            @Nullable Long n) {}

    /** Holds the rows that Flink reads. */
    @FunctionHint(output = @DataTypeHint("ROW<t TIMESTAMP(6), id BIGINT, k STRING, v DOUBLE, n BIGINT>"))
    public static final class Events extends TableFunction<Row> {
        public void eval(String input) {
            for (Given event : INPUTS.getOrDefault(input, List.of())) {
                collect(Row.of(
                        LocalDateTime.ofInstant(event.at(), ZoneOffset.UTC),
                        event.id(),
                        event.k(),
                        event.v(),
                        event.n()));
            }
        }
    }

    private static final Map<String, List<Given>> INPUTS = new HashMap<>();
    private TableEnvironment flink;

    @BeforeAll
    void inputs() {
        Random random = new Random(20261121);
        flink = TableEnvironment.create(EnvironmentSettings.inBatchMode());
        flink.getConfig().set("parallelism.default", "1");
        flink.createTemporarySystemFunction("events", Events.class);
        for (String input : List.of("a", "b")) {
            // Milliseconds differ from event to event, and are never 0.
            List<Integer> millis =
                    new ArrayList<>(IntStream.range(1, EVENTS + 1).boxed().toList());
            List<Given> events = new ArrayList<>();
            for (int i = 0; i < EVENTS; i++) {
                Instant at = BEGIN.plusSeconds(random.nextInt(SECONDS)).plusMillis(millis.get(i) % 1000);
                events.add(new Given(
                        input.equals("a") ? at : at.plusNanos(500_000),
                        i,
                        random.nextInt(10) == 0 ? null : "k" + random.nextInt(4),
                        random.nextInt(8) == 0 ? null : random.nextInt(1000) / 8.0,
                        random.nextInt(8) == 0 ? null : (long) random.nextInt(50) - 25));
            }
            events.sort((one, other) -> one.at().compareTo(other.at()));
            INPUTS.put(input, events);
            flink.executeSql(
                    "CREATE TEMPORARY VIEW " + input + " AS SELECT * FROM LATERAL TABLE(events('" + input + "'))");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            SELECT id, v, k FROM a WHERE v > 50 AND k <> 'k1' \
            | SELECT id, v, k FROM a WHERE v > 50 AND k <> 'k1'
            SELECT id FROM a WHERE NOT (v > 50 OR n IN (1, 2, 3)) \
            | SELECT id FROM a WHERE NOT (v > 50 OR n IN (1, 2, 3))
            SELECT id, CASE WHEN v > 60 THEN 'hot' WHEN v > 20 THEN 'warm' ELSE 'cold' END AS c, COALESCE(v, -1.5) AS d, \
              NULLIF(k, 'k2') AS e FROM a WHERE k IS NOT NULL OR n BETWEEN -3 AND 3 \
            | SELECT id, CASE WHEN v > 60 THEN 'hot' WHEN v > 20 THEN 'warm' ELSE 'cold' END, COALESCE(v, -1.5), \
              NULLIF(k, 'k2') FROM a WHERE k IS NOT NULL OR n BETWEEN -3 AND 3
            SELECT id, n + 3 * n - 1 AS a, n / 4 AS b, v / 4 AS c, n % 7 AS d, ABS(n) AS e, FLOOR(v) AS f, CEILING(v) AS g, \
              SQRT(ABS(v)) AS h, POWER(v, 2) AS i, SIGN(n) AS j FROM a \
            | SELECT id, n + 3 * n - 1, n / 4, v / 4, MOD(n, 7), ABS(n), FLOOR(v), CEIL(v), SQRT(ABS(v)), POWER(v, 2), SIGN(n) FROM a
            SELECT id, UPPER(k) AS a, LEN(CONCAT(k, 'xy')) AS b, SUBSTRING(k, 2, 1) AS c, REPLACE(k, 'k', 'q') AS d FROM a WHERE k LIKE '_[0-2]' \
            | SELECT id, UPPER(k), CHAR_LENGTH(CONCAT(k, 'xy')), SUBSTRING(k, 2, 1), REPLACE(k, 'k', 'q') FROM a WHERE k IN ('k0', 'k1', 'k2')
            SELECT k, COUNT(*) AS c, COUNT(v) AS d, SUM(n) AS e, SUM(v) AS f, AVG(v) AS g, MIN(v) AS h, MAX(n) AS i, COUNT(DISTINCT n) AS j, \
              System.Timestamp() AS at FROM a GROUP BY k, TumblingWindow(second, 10) \
            | SELECT k, COUNT(*), COUNT(v), SUM(n), SUM(v), AVG(v), MIN(v), MAX(n), COUNT(DISTINCT n), window_end \
              FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(t), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end
            SELECT k, STDEV(v) AS a, STDEVP(v) AS b, VAR(v) AS c, VARP(v) AS d, System.Timestamp() AS at FROM a \
              GROUP BY k, TumblingWindow(second, 20) HAVING COUNT(v) > 2 \
            | SELECT k, STDDEV_SAMP(v), STDDEV_POP(v), VAR_SAMP(v), VAR_POP(v), window_end \
              FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(t), INTERVAL '20' SECOND)) GROUP BY k, window_start, window_end HAVING COUNT(v) > 2
            SELECT k, COUNT(*) AS c, SUM(v) AS s, System.Timestamp() AS at FROM a WHERE n > 0 GROUP BY k, HoppingWindow(second, 15, 5) \
            | SELECT k, COUNT(*), SUM(v), window_end FROM TABLE(HOP(TABLE a, DESCRIPTOR(t), INTERVAL '5' SECOND, INTERVAL '15' SECOND)) \
              WHERE n > 0 GROUP BY k, window_start, window_end
            SELECT a.id AS x, b.id AS y, a.v + b.v AS s FROM a JOIN b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN -2 AND 3 AND a.n > b.n \
            | SELECT a.id, b.id, a.v + b.v FROM a JOIN b ON a.k = b.k AND \
              TIMESTAMPDIFF(SECOND, FLOOR(a.t TO SECOND), FLOOR(b.t TO SECOND)) BETWEEN -2 AND 3 AND a.n > b.n
            SELECT a.id AS x, b.id AS y FROM a LEFT JOIN b ON a.k = b.k AND a.n = b.n AND DATEDIFF(second, a, b) BETWEEN 0 AND 20 \
            | SELECT a.id, b.id FROM a LEFT JOIN b ON a.k = b.k AND a.n = b.n AND \
              TIMESTAMPDIFF(SECOND, FLOOR(a.t TO SECOND), FLOOR(b.t TO SECOND)) BETWEEN 0 AND 20
            SELECT id, LAG(v) OVER (PARTITION BY k LIMIT DURATION(hour, 1)) AS l, LAG(id, 3) OVER (LIMIT DURATION(hour, 1)) AS m FROM a \
            | SELECT id, LAG(v) OVER (PARTITION BY k ORDER BY t), LAG(id, 3) OVER (ORDER BY t) FROM a
            SELECT id, SUM(v) OVER (PARTITION BY k LIMIT DURATION(second, 10)) AS s, COUNT(v) OVER (PARTITION BY k LIMIT DURATION(second, 10)) AS c FROM a \
            | SELECT a.id, SUM(o.v), COUNT(o.v) FROM a JOIN a AS o ON a.k IS NOT DISTINCT FROM o.k AND o.t <= a.t AND o.t > a.t - INTERVAL '10' SECOND \
              GROUP BY a.id
            SELECT id, v FROM a WHERE v > 100 UNION SELECT id, v FROM b WHERE v < 10 \
            | SELECT id, v FROM a WHERE v > 100 UNION ALL SELECT id, v FROM b WHERE v < 10
            WITH w AS (SELECT k, MAX(v) AS most FROM a GROUP BY k, TumblingWindow(second, 5)) \
              SELECT k, AVG(most) AS m, COUNT(*) AS c FROM w GROUP BY k, TumblingWindow(second, 30) \
            | WITH w AS (SELECT k, MAX(v) AS most, wt FROM (SELECT *, window_end - INTERVAL '0.001' SECOND AS wt FROM \
              TABLE(TUMBLE(TABLE a, DESCRIPTOR(t), INTERVAL '5' SECOND))) GROUP BY k, wt) \
              SELECT k, AVG(most), COUNT(*) FROM w GROUP BY k, FLOOR(wt TO MINUTE), EXTRACT(SECOND FROM wt) / 30
            """)
    void writesTheSameResultsAsFlink(String ours, String flinks) throws Exception {
        List<String> expected = new ArrayList<>();
        try (CloseableIterator<Row> rows = flink.executeSql(flinks).collect()) {
            rows.forEachRemaining(row -> expected.add(line(
                    IntStream.range(0, row.getArity()).mapToObj(row::getField).toList())));
        }
        assertThat(expected).as("there is something to compare").hasSizeGreaterThan(10);
        assertThat(run(ours)).containsExactlyInAnyOrderElementsOf(expected);
    }

    private List<String> run(String text) throws QueryException {
        StreamQuery query = StreamQuery.parse(text, Set.of());
        List<String> names = query.inputs().stream().sorted().toList();
        List<Upstream> upstreams = IntStream.range(0, names.size())
                .mapToObj(input -> new Upstream(input, 0))
                .toList();
        List<String> results = new ArrayList<>();
        StreamRun task = StreamTask.of(
                query,
                names,
                upstreams,
                Long.MIN_VALUE,
                new TimePolicy(0, 0, false),
                () -> {},
                (_, row) -> results.add(line(new ArrayList<>(row.record().values()))));
        for (Upstream upstream : upstreams) {
            long number = 0;
            for (Given event : INPUTS.get(names.get(upstream.input()))) {
                Map<String, Object> record = new HashMap<>();
                record.put("id", event.id());
                record.put("k", StreamValues.of(event.k()));
                record.put("v", StreamValues.of(event.v()));
                record.put("n", StreamValues.of(event.n()));
                task.event(upstream, number++, new Event(Ticks.of(event.at()), record, Map.of()));
            }
            task.watermark(upstream, Long.MAX_VALUE / 4);
        }
        task.goOn();
        return results;
    }

    /** Rounds reals to seven digits, and none lies halfway between two of them: sums are added up in other orders. */
    private static String line(List<? extends @Nullable Object> values) {
        return values.stream()
                .map(value -> switch (StreamValues.of(value)) {
                    case Number number -> {
                        double real = number.doubleValue();
                        yield "%.7g".formatted(Math.abs(real) < 1e-9 ? 0.0 : real * OFF_TIES);
                    }
                    case Instant instant -> instant.toString();
                    case LocalDateTime time -> time.toInstant(ZoneOffset.UTC).toString();
                    case String string -> string.toLowerCase(Locale.ROOT);
                    default -> "NULL";
                })
                .collect(Collectors.joining(" "));
    }
}
