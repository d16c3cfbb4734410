package io.muster.processor.engine.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.processor.engine.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

class ExchangeTest {
    private final List<byte[]> sent = new ArrayList<>();
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

    private List<String> read() {
        List<String> read = new ArrayList<>();
        for (byte[] batch : sent) {
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

    @Test
    void manyGoInOneRecord() {
        Exchange exchange = new Exchange(sent::add);
        tell(exchange, 1);
        tell(exchange, 200);
        assertThat(exchange.send()).isTrue();
        assertThat(exchange.send()).isFalse();
        assertThat(sent).hasSize(1);
        assertThat(read()).hasSize(4).startsWith("2 1 -7 {n=1}", "2 until 1").endsWith("2 until 200");
    }

    /** A commit may come between: of what it found unsent nothing is lost, and nothing is there any more once it was sent. */
    @Test
    void whatIsUnsentIsKeptUntilItWasSent() {
        Exchange before = new Exchange(sent::add);
        tell(before, 1);
        before.save(table);
        Exchange after = new Exchange(sent::add);
        after.load(table);
        tell(after, 2);
        assertThat(after.send()).as("then it is to be saved").isTrue();
        after.save(table);
        assertThat(kept).isEmpty();
        assertThat(read()).filteredOn(line -> line.contains("until")).containsExactly("2 until 1", "2 until 2");
    }
}
