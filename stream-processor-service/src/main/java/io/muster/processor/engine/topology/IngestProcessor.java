package io.muster.processor.engine.topology;

import io.muster.query.stream.Ticks;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/** Gives the events of one partition their time and sends them on to the tasks where partitions come together. */
final class IngestProcessor implements Processor<byte[], byte[], byte[], byte[]> {
    static final String STATE = "ingest-state";

    private static final int INGEST = 0;
    private static final int DIAGNOSTICS = 1;
    private static final int UNSENT = 2;

    private static final Duration PROGRESS = Duration.ofSeconds(1);

    private final StreamJobSpec spec;
    private final Diagnostics diagnostics = new Diagnostics();
    private final SaveHook hook;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<byte[], byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private Ingest ingest;

    @SuppressWarnings("NullAway.Init")
    private Pace pace;

    @SuppressWarnings("NullAway.Init")
    private SaveHook.Saving saving;

    @SuppressWarnings("NullAway.Init")
    private Exchange exchange;

    private Map<String, Long> reported = Map.of();

    IngestProcessor(StreamJobSpec spec, SaveHook hook) {
        this.spec = spec;
        this.hook = hook;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        KeyValueStore<Bytes, byte[]> state = context.getStateStore(STATE);
        List<String> inputs =
                spec.inputs().stream().map(StreamJobSpec.Input::name).toList();
        this.exchange = new Exchange(
                new TaskAssignment(spec.query(), inputs, spec.tasks()),
                spec.tasks(),
                (task, batch) -> context.forward(
                        new Record<>(StreamJobTopology.key(task), batch, 0), StreamJobTopology.EXCHANGE_IN));
        exchange.load(new StoredTable(state, UNSENT));
        this.ingest = new Ingest(spec, context.taskId().partition(), diagnostics, exchange);
        ingest.load(new StoredTable(state, INGEST));
        diagnostics.load(new StoredTable(state, DIAGNOSTICS));
        this.saving = hook.of(context, () -> {
            ingest.save(new StoredTable(state, INGEST));
            diagnostics.save(new StoredTable(state, DIAGNOSTICS));
            exchange.save(new StoredTable(state, UNSENT));
        });
        this.pace = new Pace(context, spec.pace(), () -> {
            boolean announced = ingest.announce();
            if (exchange.send() || announced) {
                saving.changed();
            }
        });
        context.schedule(Pace.POLL, PunctuationType.WALL_CLOCK_TIME, _ -> pace.poll());
        context.schedule(Ingest.CHECK, PunctuationType.WALL_CLOCK_TIME, _ -> passTime());
        context.schedule(PROGRESS, PunctuationType.WALL_CLOCK_TIME, _ -> progress());
    }

    /** Reports how many records were read, late or unusable. */
    private void progress() {
        Map<String, Long> counts = diagnostics.counts();
        if (!counts.equals(reported)) {
            reported = counts;
            context.forward(
                    Progress.of(spec, -1 - context.taskId().partition(), Long.MIN_VALUE, Long.MIN_VALUE, diagnostics),
                    StreamJobTopology.INGEST_PROGRESS);
            worked();
        }
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata position = context.recordMetadata().orElseThrow();
        ingest.record(position, Ticks.ofMillis(record.timestamp()), record.key(), record.value());
        worked();
    }

    private void passTime() {
        ingest.passTime(now());
        if (ingest.announce()) {
            worked();
        }
    }

    private void worked() {
        saving.changed();
        pace.worked();
    }

    @Override
    public void close() {
        saving.close();
    }

    private long now() {
        return Ticks.ofMillis(context.currentSystemTimeMs());
    }
}
