package io.muster.processor.engine.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.PartitionClock;
import io.muster.processor.engine.StreamRun;
import io.muster.processor.engine.StreamTask;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.processor.engine.TimePolicy;
import io.muster.query.kernel.QueryException;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.Ticks;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expects the results that each substream would have by itself, whenever state was saved and loaded between. */
class SubstreamsTest {
    private static final String SELECT = "SELECT k, COUNT(*) AS n, SUM(v) AS s FROM t TIMESTAMP BY x";
    private static final String GROUP = " GROUP BY k, HoppingWindow(second, 10, 5)";
    private static final int KEYS = 4;
    private static final long END = 1000 * Ticks.HOUR;

    private final List<String> results = new ArrayList<>();
    private int disordered;

    private StreamRun run(String query, TimePolicy policy, int partitions) throws QueryException {
        List<Upstream> upstreams = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            upstreams.add(new Upstream(0, partition));
        }
        return StreamTask.of(
                StreamQuery.parse(query, Set.of()),
                List.of("t"),
                upstreams,
                Long.MIN_VALUE,
                policy,
                () -> disordered++,
                (_, row) -> results.add(line(row)));
    }

    private static String line(StreamRow row) {
        return row.time() + " " + row.record();
    }

    private static Event event(int key, long time, long value) {
        return new Event(time, Map.of("k", "device " + key, "v", value), Map.of());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void givesEachSubstreamATimeOfItsOwn(long seed) throws QueryException {
        Random random = new Random(seed);
        TimePolicy policy = new TimePolicy(50 * Ticks.HOUR, 2 * Ticks.SECOND, seed % 2 == 0);
        int partitions = 1 + (int) (seed % 3);
        List<List<Event>> events = new ArrayList<>();
        for (int key = 0; key < KEYS; key++) {
            List<Event> of = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                long behind = random.nextLong(4 * Ticks.SECOND);
                of.add(event(key, key * 10 * Ticks.HOUR + i * Ticks.SECOND - behind, i));
            }
            events.add(of);
        }
        List<String> alone = alone(events, policy);

        results.clear();
        disordered = 0;
        BytesInMemory store = new BytesInMemory();
        String query = SELECT + " OVER k" + GROUP;
        StreamRun run = run(query, policy, partitions);
        List<Integer> left = new ArrayList<>();
        for (int key = 0; key < KEYS; key++) {
            for (int i = 0; i < events.get(key).size(); i++) {
                left.add(key);
            }
        }
        Collections.shuffle(left, random);
        long number = 0;
        for (int key : left) {
            run.event(
                    new Upstream(0, key % partitions), number++, events.get(key).removeFirst());
            run.goOn();
            run.save(store);
            if (random.nextInt(4) == 0) {
                run = run(query, policy, partitions);
                run.load(store);
            }
        }
        if (partitions == 1) {
            assertThat(results).as("none waits for another's time").hasSizeGreaterThan(KEYS * 8);
        }
        for (int partition = 0; partition < partitions; partition++) {
            run.watermark(new Upstream(0, partition), END);
        }
        assertThat(run.goOn()).isTrue();
        assertThat(results).containsExactlyInAnyOrderElementsOf(alone);
        assertThat(disordered).isPositive();
        assertThat(run.watermark()).isEqualTo(END);
    }

    private List<String> alone(List<List<Event>> events, TimePolicy policy) throws QueryException {
        for (List<Event> of : events) {
            StreamRun run = run(SELECT + GROUP, policy, 1);
            PartitionClock clock = new PartitionClock(policy, false);
            long number = 0;
            for (Event event : of) {
                PartitionClock.Verdict verdict = clock.take(event.time(), event.time() + Ticks.SECOND);
                if (!verdict.dropped()) {
                    run.event(
                            new Upstream(0, 0), number++, new Event(verdict.time(), event.record(), event.metadata()));
                }
            }
            run.watermark(new Upstream(0, 0), END);
            run.goOn();
        }
        return List.copyOf(results);
    }

    /** Leaves later results of every substream to another start. */
    @Test
    void endsAReplacedJobBehindItsFastestSubstream() throws QueryException {
        StreamRun run = run(SELECT + " OVER k" + GROUP, new TimePolicy(Ticks.HOUR, 0, false), 1);
        Upstream only = new Upstream(0, 0);
        run.event(only, 0, event(1, 100 * Ticks.SECOND, 1));
        run.event(only, 1, event(1, 141 * Ticks.SECOND, 1));
        run.event(only, 2, event(2, 7 * Ticks.SECOND, 1));
        run.goOn();
        run.endAt(120 * Ticks.SECOND);
        run.watermark(only, 140 * Ticks.SECOND);
        run.goOn();
        assertThat(run.isOver()).isFalse();
        run.watermark(only, 200 * Ticks.SECOND);
        run.goOn();
        assertThat(run.isOver()).isTrue();
        assertThat(run.watermark()).isEqualTo(141 * Ticks.SECOND);
        assertThat(results)
                .containsExactlyInAnyOrder(
                        100 * Ticks.SECOND + " {k=device 1, n=1, s=1}",
                        105 * Ticks.SECOND + " {k=device 1, n=1, s=1}",
                        10 * Ticks.SECOND + " {k=device 2, n=1, s=1}",
                        15 * Ticks.SECOND + " {k=device 2, n=1, s=1}");
    }
}
