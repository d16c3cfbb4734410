package io.muster.processor.engine.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.codec.Codecs;
import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.processor.engine.TimePolicy;
import io.muster.processor.format.InputFormat;
import io.muster.query.stream.StreamQuery;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.junit.jupiter.api.Test;

class IngestTest {
    private final List<Long> numbers = new ArrayList<>();
    private final Diagnostics diagnostics = new Diagnostics();

    private Ingest ingest() throws Exception {
        StreamJobSpec spec = new StreamJobSpec(
                "job",
                7,
                StreamQuery.parse("SELECT * FROM t", Set.of()),
                List.of(new StreamJobSpec.Input("t", "in", new InputFormat.Json(), 1, false)),
                Map.of(),
                new TimePolicy(0, 0, false),
                List.of(0L),
                () -> Long.MAX_VALUE,
                (_, _) -> {},
                Optional.empty(),
                1,
                () -> 50,
                new Codecs(new InMemorySchemaRegistry()).of(Topics.STREAM_JOB_PROGRESS),
                (_, _, _, now) -> OptionalLong.of(now));
        return new Ingest(spec, 0, diagnostics, new Ingest.Events() {
            @Override
            public void event(Upstream upstream, long number, Event event) {
                numbers.add(number);
            }

            @Override
            public void watermark(Upstream upstream, long time) {}
        });
    }

    private static void read(Ingest ingest, long offset, int events) {
        ingest.record(
                new ProcessorRecordContext(0, offset, 0, "in", new RecordHeaders()),
                1,
                null,
                "{}\n".repeat(events).getBytes(StandardCharsets.UTF_8));
    }

    /** Gives each event a number of its own: of two with one number one would be lost at a restart. */
    @Test
    void numbersTheEventsOfARecordWithMany() throws Exception {
        Ingest ingest = ingest();
        read(ingest, 7, 100_000);
        read(ingest, 8, 100_000);
        assertThat(numbers).hasSize(200_000).doesNotHaveDuplicates().isSorted();
        assertThat(numbers).first().extracting(Ingest::offset).isEqualTo(7L);
        assertThat(numbers).last().extracting(Ingest::offset).isEqualTo(8L);
    }

    @Test
    void refusesARecordWithTooManyEvents() throws Exception {
        Ingest ingest = ingest();
        read(ingest, 7, (1 << 20) + 1);
        assertThat(numbers).isEmpty();
        assertThat(diagnostics.counts()).containsEntry("DeserializationErrors", 1L);
        assertThat(diagnostics.samples())
                .containsExactly("topic in, partition 0, offset 7: a record has up to 1048576 events");
        read(ingest, 8, 1 << 20);
        assertThat(numbers).hasSize(1 << 20).doesNotHaveDuplicates();
    }
}
