package io.muster.processor.engine.stream;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.query.stream.Ticks;
import io.muster.service.Steps;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/** Gives the events of one partition their time and sends them on to where partitions come together. */
final class IngestProcessor implements Processor<byte[], byte[], byte[], byte[]>, Ingest.Events {
    static final String STATE = "ingest-state";

    private static final Duration PROGRESS = Duration.ofSeconds(1);

    private final StreamJobSpec spec;
    private final Diagnostics diagnostics = new Diagnostics();
    private final SaveHook hook;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<byte[], byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private Ingest ingest;

    @SuppressWarnings("NullAway.Init")
    private Steps steps;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, Long> saving;

    IngestProcessor(StreamJobSpec spec, SaveHook hook) {
        this.spec = spec;
        this.hook = hook;
    }

    private Map<String, Long> told = Map.of();

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        this.ingest = new Ingest(spec, context.taskId().partition(), diagnostics, this);
        KeyValueStore<Bytes, byte[]> state = context.getStateStore(STATE);
        ingest.load(new Stored(state, 0));
        diagnostics.load(new Stored(state, 1));
        this.saving = context.getStateStore(hook.name());
        hook.onSave(context.taskId(), () -> {
            ingest.save(new Stored(state, 0));
            diagnostics.save(new Stored(state, 1));
        });
        this.steps = Steps.of(context, () -> ingest.tell());
        context.schedule(Ingest.LOOK, PunctuationType.WALL_CLOCK_TIME, _ -> look());
        context.schedule(PROGRESS, PunctuationType.WALL_CLOCK_TIME, _ -> progress());
    }

    /** What was read, late or unusable is told of by who reads it. */
    private void progress() {
        Map<String, Long> counts = diagnostics.counts();
        if (!counts.equals(told)) {
            told = counts;
            context.forward(
                    Progress.of(spec, -1 - context.taskId().partition(), Long.MIN_VALUE, Long.MIN_VALUE, diagnostics),
                    StreamJobTopology.INGEST_PROGRESS);
            worked();
        }
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata position = context.recordMetadata().orElseThrow();
        ingest.record(position, Ticks.ofMillis(record.timestamp()), record.value());
        worked();
    }

    private void look() {
        ingest.look(now());
        if (ingest.tell()) {
            worked();
        }
    }

    private void worked() {
        saving.put("", 0L);
        steps.worked();
    }

    @Override
    public void event(Upstream upstream, long number, Event event) {
        context.forward(
                new Record<>(new byte[0], Exchange.event(upstream, number, event), 0), StreamJobTopology.EXCHANGE_IN);
    }

    @Override
    public void watermark(Upstream upstream, long time) {
        saving.put("", 0L);
        context.forward(
                new Record<>(new byte[0], Exchange.watermark(upstream, time), 0), StreamJobTopology.EXCHANGE_IN);
    }

    @Override
    public void close() {
        hook.forget(context.taskId());
    }

    private long now() {
        return Ticks.ofMillis(context.currentSystemTimeMs());
    }
}
