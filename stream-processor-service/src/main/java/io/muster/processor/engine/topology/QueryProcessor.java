package io.muster.processor.engine.topology;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.EventFailure;
import io.muster.processor.engine.PartitionClock;
import io.muster.processor.engine.RowFailure;
import io.muster.processor.engine.StreamRun;
import io.muster.processor.engine.StreamTask;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.processor.format.JsonRecords;
import io.muster.processor.format.OutputFormat;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import io.muster.query.stream.Ticks;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Runs the query: over its share of what comes together in the exchange, or over one partition of the inputs by itself. Results, state and the place
 * in the inputs are one transaction.
 */
final class QueryProcessor implements Processor<byte[], byte[], byte[], byte[]>, Ingest.Events {
    static final String STATE = "query-state";

    private static final int INGEST = 0;
    private static final int DIAGNOSTICS = 1;
    private static final int FIRST_OF_TASK = 2;
    private static final int EVENTS_AT_ONCE = 1000;

    /** Bounds a result and its key, in bytes: 1 MiB with the rest of a record. */
    private static final int LARGEST_RESULT = 1_000_000;

    /** Bounds how much of a row a failure shows, in characters. */
    private static final int SHOWN = 300;

    private final StreamJobSpec spec;
    private final Diagnostics diagnostics = new Diagnostics();
    private final SaveHook hook;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private ProcessorContext<byte[], byte[]> context;

    @SuppressWarnings("NullAway.Init")
    private StreamRun task;

    @SuppressWarnings("NullAway.Init")
    private Pace pace;

    @SuppressWarnings("NullAway.Init")
    private SaveHook.Saving saving;

    private @Nullable Ingest ingest;
    private int waiting;
    private int results;
    private boolean over;
    private long ordinal;
    private long ordinalOf = Long.MIN_VALUE;
    private List<Object> ordinalIn = List.of();
    private long lastResult = Long.MIN_VALUE;

    QueryProcessor(StreamJobSpec spec, SaveHook hook) {
        this.spec = spec;
        this.hook = hook;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        KeyValueStore<Bytes, byte[]> state = context.getStateStore(STATE);
        int partition = context.taskId().partition();
        boolean alone = spec.exchange().isEmpty();
        this.task = StreamTask.of(
                spec.query(),
                spec.inputs().stream().map(StreamJobSpec.Input::name).toList(),
                upstreams(alone, partition),
                spec.from(partition),
                spec.policy(),
                () -> diagnostics.placed(PartitionClock.Fate.OUT_OF_ORDER),
                this::result);
        diagnostics.load(new StoredTable(state, DIAGNOSTICS));
        task.load(number -> new StoredTable(state, FIRST_OF_TASK + number));
        context.schedule(Ingest.CHECK, PunctuationType.WALL_CLOCK_TIME, _ -> passTime());
        if (alone) {
            this.ingest = new Ingest(spec, partition, diagnostics, this);
            ingest.load(new StoredTable(state, INGEST));
        }
        this.saving = hook.of(context, () -> save(state));
        this.pace = new Pace(context, spec.pace(), () -> {});
        context.schedule(Pace.POLL, PunctuationType.WALL_CLOCK_TIME, _ -> pace.poll());
    }

    private List<Upstream> upstreams(boolean alone, int partition) {
        List<Upstream> upstreams = new ArrayList<>();
        for (int input = 0; input < spec.inputs().size(); input++) {
            for (int of = 0; of < spec.inputs().get(input).partitions(); of++) {
                if (!alone || of == partition) {
                    upstreams.add(new Upstream(input, of));
                }
            }
        }
        return upstreams;
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata position = context.recordMetadata().orElseThrow();
        @Nullable Ingest own = ingest;
        if (own == null) {
            Exchange.read(Objects.requireNonNull(record.value()), this);
        } else {
            own.record(position, Ticks.ofMillis(record.timestamp()), record.key(), record.value());
        }
        saving.changed();
        if (own == null || waiting >= EVENTS_AT_ONCE) {
            goOn();
        }
    }

    /** Moves time on where nothing comes. */
    private void passTime() {
        long until = spec.until().getAsLong();
        if (until < Long.MAX_VALUE) {
            task.endAt(until);
        }
        if (ingest != null) {
            ingest.passTime(now());
        }
        goOn();
    }

    private void goOn() {
        waiting = 0;
        results = 0;
        if (ingest != null) {
            ingest.announce();
        }
        try {
            if (task.goOn()) {
                saving.changed();
                spec.reached().accept(context.taskId().partition(), task.watermark());
            }
        } catch (EventFailure e) {
            throw new StreamJobFailure(
                    Ingest.position(spec, e.upstream(), Ingest.offset(e.number())) + ": " + e.getMessage(), e);
        } catch (RowFailure e) {
            throw new StreamJobFailure(
                    "row " + shortened(JsonRecords.text(e.values())) + " of "
                            + StreamValues.dateText(Ticks.instant(e.time())) + ": " + e.getMessage(),
                    e);
        }
        boolean ends = task.isOver() && !over;
        over = task.isOver();
        if (results > 0 || ends) {
            context.forward(
                    Progress.of(spec, context.taskId().partition(), task.watermark(), lastResult, diagnostics),
                    StreamJobTopology.PROGRESS);
            saving.changed();
            pace.worked();
        }
    }

    private static String shortened(String row) {
        return row.length() <= SHOWN ? row : row.substring(0, SHOWN) + "…";
    }

    private void save(KeyValueStore<Bytes, byte[]> state) {
        diagnostics.save(new StoredTable(state, DIAGNOSTICS));
        if (ingest != null) {
            ingest.save(new StoredTable(state, INGEST));
        }
        task.save(number -> new StoredTable(state, FIRST_OF_TASK + number));
    }

    private void result(String output, StreamRow row) {
        StreamJobSpec.@Nullable Output to = spec.outputs().get(output);
        if (to == null) {
            throw new IllegalStateException("the query was checked with its outputs, output=" + output);
        }
        ordinal = row.time() == ordinalOf && task.substream().equals(ordinalIn) ? ordinal + 1 : 0;
        ordinalOf = row.time();
        ordinalIn = task.substream();
        OutputFormat.Written written;
        try {
            written = to.format().write(row, () -> id(output, row.time()));
            rejectLarge(written);
        } catch (IOException e) {
            String message = "output " + output + ": " + e.getMessage();
            if (to.stopsAtErrors()) {
                throw new StreamJobFailure(message + " (with outputErrorPolicy Drop such rows are dropped)", e);
            }
            diagnostics.unwritable(message);
            return;
        }
        diagnostics.written();
        results++;
        lastResult = Math.max(lastResult, row.time());
        context.forward(
                new Record<>(written.key(), written.value(), Math.max(0, Ticks.millis(row.time()))),
                StreamJobTopology.sink(output));
    }

    /** Rejects what a topic that nobody has set up for more does not take, and an application that tried it would fail. */
    private static void rejectLarge(OutputFormat.Written written) throws IOException {
        int size = written.value().length + (written.key() == null ? 0 : written.key().length);
        if (size > LARGEST_RESULT) {
            throw new IOException("a row of " + size + " bytes is longer than the " + LARGEST_RESULT + " of a record");
        }
    }

    /** Returns the id of a result: its place among those of its instant and substream, which are computed at once and in one order. */
    private String id(String output, long time) {
        StringBuilder substream = new StringBuilder();
        for (Object part : task.substream()) {
            // A text is distinct from other values: its own tilde is encoded.
            substream
                    .append(part instanceof String ? "/" : "/~")
                    .append(URLEncoder.encode(String.valueOf(part), StandardCharsets.UTF_8));
        }
        return spec.streamJobId() + "/" + output + "/" + context.taskId().partition() + substream + "/"
                + StreamValues.dateText(Ticks.instant(time)) + "/" + ordinal;
    }

    @Override
    public void event(Upstream upstream, long number, Event event) {
        waiting++;
        task.event(upstream, number, event);
    }

    @Override
    public void watermark(Upstream upstream, long time) {
        task.watermark(upstream, time);
    }

    @Override
    public void close() {
        spec.reached().accept(context.taskId().partition(), Long.MAX_VALUE);
        saving.close();
    }

    private long now() {
        return Ticks.ofMillis(context.currentSystemTimeMs());
    }
}
