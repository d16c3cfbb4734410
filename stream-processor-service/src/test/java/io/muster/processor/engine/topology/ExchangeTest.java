package io.muster.processor.engine.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.processor.engine.Table;
import io.muster.query.kernel.QueryException;
import io.muster.query.stream.StreamQuery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

class ExchangeTest {
    private final List<byte[]> sent = new ArrayList<>();
    private final List<Integer> to = new ArrayList<>();
    private final Map<List<Object>, Object> kept = new HashMap<>();
    private final Table table = new Table() {
        @Override
        public void put(List<Object> key, Object value) {
            kept.put(key, value);
        }

        @Override
        public void remove(List<Object> key) {
            kept.remove(key);
        }

        @Override
        public void forEach(BiConsumer<List<Object>, Object> entry) {
            kept.forEach(entry);
        }
    };

    private Exchange exchange(int tasks) throws QueryException {
        StreamQuery query =
                StreamQuery.parse("SELECT t.n FROM t JOIN r ON t.n = r.n GROUP BY t.n, SnapshotWindow()", Set.of("r"));
        return new Exchange(new TaskAssignment(query, List.of("r", "t"), tasks), tasks, (task, batch) -> {
            sent.add(batch);
            to.add(task);
        });
    }

    private List<String> read() {
        return read(sent);
    }

    private static List<String> read(List<byte[]> batches) {
        List<String> read = new ArrayList<>();
        for (byte[] batch : batches) {
            Exchange.read(batch, new Ingest.Events() {
                @Override
                public void event(Upstream upstream, long number, Event event) {
                    read.add(upstream.partition() + " " + number + " " + event.time() + " " + event.record());
                }

                @Override
                public void watermark(Upstream upstream, long time) {
                    read.add(upstream.partition() + " until " + time);
                }
            });
        }
        return read;
    }

    private static void tell(Exchange exchange, long number) {
        exchange.event(new Upstream(1, 2), number, new Event(-7, Map.of("n", number), Map.of()));
        exchange.watermark(new Upstream(1, 2), number);
    }

    /** Sends an event to one task, whatever its partition; reference data and progress to all. */
    @Test
    void sharesEventsOutToTasks() throws QueryException {
        Exchange exchange = exchange(3);
        for (int partition = 0; partition < 2; partition++) {
            for (long n = 0; n < 30; n++) {
                exchange.event(new Upstream(1, partition), n, new Event(0, Map.of("n", n % 10), Map.of()));
            }
        }
        exchange.event(new Upstream(0, 0), 99, Event.reference(0, "key", Map.of("n", 1L)));
        exchange.watermark(new Upstream(1, 0), 5);
        exchange.send();
        assertThat(to).containsExactly(0, 1, 2);
        List<String> all = read();
        assertThat(all)
                .hasSize(60 + 3 + 3)
                .filteredOn(line -> line.contains("until"))
                .hasSize(3);
        assertThat(all).filteredOn(line -> line.contains(" 99 ")).hasSize(3);
        Map<String, Set<Integer>> tasks = new HashMap<>();
        for (int task = 0; task < 3; task++) {
            for (String line : read(List.of(sent.get(task)))) {
                if (line.contains("{n=") && !line.contains(" 99 ")) {
                    tasks.computeIfAbsent(line.replaceAll(".*\\{", ""), _ -> new HashSet<>())
                            .add(task);
                }
            }
        }
        assertThat(tasks).hasSize(10).allSatisfy((_, of) -> assertThat(of).hasSize(1));
        assertThat(tasks.values().stream().flatMap(Set::stream).distinct()).hasSize(3);
    }

    @Test
    void sendsManyEventsInOneRecord() throws QueryException {
        Exchange exchange = exchange(1);
        tell(exchange, 1);
        tell(exchange, 200);
        assertThat(exchange.send()).isTrue();
        assertThat(exchange.send()).isFalse();
        assertThat(sent).hasSize(1);
        assertThat(read()).hasSize(4).startsWith("2 1 -7 {n=1}", "2 until 1").endsWith("2 until 200");
    }

    /** Loses nothing where a commit comes before a send, and keeps nothing once it is sent. */
    @Test
    void keepsUnsentEventsUntilTheyAreSent() throws QueryException {
        Exchange before = exchange(1);
        tell(before, 1);
        before.save(table);
        Exchange after = exchange(1);
        after.load(table);
        tell(after, 2);
        assertThat(after.send()).as("then it is to be saved").isTrue();
        after.save(table);
        assertThat(kept).isEmpty();
        assertThat(read()).filteredOn(line -> line.contains("until")).containsExactly("2 until 1", "2 until 2");
    }
}
