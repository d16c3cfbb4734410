package io.muster.processor.engine.stream;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.query.stream.Ticks;
import io.muster.service.Steps;
import java.time.Duration;
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

    private final StreamJobSpec spec;
    private final Diagnostics diagnostics;
    private final SaveHook hook;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<byte[], byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private Ingest ingest;

    @SuppressWarnings("NullAway.Init")
    private Steps steps;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, Long> saving;

    IngestProcessor(StreamJobSpec spec, Diagnostics diagnostics, SaveHook hook) {
        this.spec = spec;
        this.diagnostics = diagnostics;
        this.hook = hook;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        this.ingest = new Ingest(spec, context.taskId().partition(), diagnostics, this, now());
        KeyValueStore<Bytes, byte[]> state = context.getStateStore(STATE);
        ingest.load(new Stored(state, 0));
        this.saving = context.getStateStore(hook.name());
        hook.onSave(context.taskId(), () -> ingest.save(new Stored(state, 0)));
        this.steps = Steps.of(context, () -> ingest.tell());
        context.schedule(Duration.ofMillis(Ticks.millis(Ingest.LOOK)), PunctuationType.WALL_CLOCK_TIME, _ -> look());
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
        context.forward(new Record<>(new byte[0], Exchange.event(upstream, number, event), 0));
    }

    @Override
    public void watermark(Upstream upstream, long time) {
        saving.put("", 0L);
        context.forward(new Record<>(new byte[0], Exchange.watermark(upstream, time), 0));
    }

    @Override
    public void close() {
        hook.forget(context.taskId());
    }

    private long now() {
        return Ticks.ofMillis(context.currentSystemTimeMs());
    }
}
