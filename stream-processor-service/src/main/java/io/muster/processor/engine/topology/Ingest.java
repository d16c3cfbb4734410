package io.muster.processor.engine.topology;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.PartitionClock;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.processor.engine.Table;
import io.muster.processor.engine.TimePolicy;
import io.muster.processor.format.InputFormat;
import io.muster.query.kernel.Expression;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamValues;
import io.muster.query.stream.Ticks;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** Makes events of records and gives them their time. For one task. */
final class Ingest {
    /** Takes what comes of records. */
    interface Events {
        /** Takes an event that has its time. @param number orders events of one partition */
        void event(Upstream upstream, long number, Event event);

        void watermark(Upstream upstream, long time);
    }

    /** Bounds a record: an event has its record's offset and its place in the record as a number. */
    private static final int EVENTS_OF_A_RECORD = 1 << 20;

    /** Says how often to call {@link #passTime}. */
    static final Duration CHECK = Duration.ofMillis(50);

    /** Keeps how far one partition of an input is read. */
    private static final class Partition {
        private final Upstream upstream;
        private final StreamJobSpec.Input input;
        private final StreamQuery.Clock times;
        private final PartitionClock clock;
        private long taken = -1;
        private long announced = Long.MIN_VALUE;
        private boolean changed;

        private Partition(Upstream upstream, StreamJobSpec.Input input, StreamQuery.Clock times, TimePolicy policy) {
            this.upstream = upstream;
            this.input = input;
            this.times = times;
            this.clock = new PartitionClock(
                    times.over().isEmpty() ? policy : policy.ofAnyOrder(), times.timestamp() == null);
        }
    }

    private final StreamJobSpec spec;
    private final List<Partition> partitions = new ArrayList<>();
    private final Diagnostics diagnostics;
    private final Events events;

    /** Begins the clocks of one partition number, one for each input. @param partition whose records come here, of each input that has it */
    Ingest(StreamJobSpec spec, int partition, Diagnostics diagnostics, Events events) {
        this.spec = spec;
        this.diagnostics = diagnostics;
        this.events = events;
        for (int i = 0; i < spec.inputs().size(); i++) {
            StreamJobSpec.Input input = spec.inputs().get(i);
            if (partition < input.partitions()) {
                partitions.add(new Partition(
                        new Upstream(i, partition),
                        input,
                        Objects.requireNonNull(spec.query().clocks().get(input.name())),
                        spec.policy()));
            }
        }
    }

    /** Takes a record, for each input that reads its topic. @param arrival in ticks */
    void record(RecordMetadata position, long arrival, byte @Nullable [] key, byte @Nullable [] value) {
        for (Partition partition : partitions) {
            if (partition.input.topic().equals(position.topic())) {
                record(partition, position.offset(), arrival, key, value);
            }
        }
    }

    private void record(Partition of, long offset, long arrival, byte @Nullable [] key, byte @Nullable [] value) {
        of.taken = offset;
        of.changed = true;
        diagnostics.read();
        if (of.input.isReference()) {
            reference(of, offset, arrival, key, value);
            return;
        }
        if (value == null) {
            of.clock.quietUntil(arrival);
            return;
        }
        InputFormat.Content read;
        try {
            read = of.input.format().read(value, spec.query().members(), of.upstream.partition(), arrival);
        } catch (IOException e) {
            diagnostics.undecodable(of.input.topic(), of.upstream.partition(), offset, e);
            return;
        }
        if (read.rows().size() > EVENTS_OF_A_RECORD) {
            diagnostics.undecodable(
                    of.input.topic(),
                    of.upstream.partition(),
                    offset,
                    new IOException("a record has up to " + EVENTS_OF_A_RECORD + " events"));
            return;
        }
        for (int i = 0; i < read.rows().size(); i++) {
            Event event = new Event(arrival, read.rows().get(i), read.metadata());
            take(of, offset, offset * EVENTS_OF_A_RECORD + i, event, arrival);
        }
    }

    /** Takes a record of reference data: the latest of a key is its row; one without a value removes it. */
    private void reference(Partition of, long offset, long arrival, byte @Nullable [] key, byte @Nullable [] value) {
        String name = key == null
                ? of.upstream.partition() + " " + offset
                : HexFormat.of().formatHex(key);
        long number = offset * EVENTS_OF_A_RECORD;
        long time = of.clock.take(arrival, arrival).time();
        if (value == null) {
            events.event(of.upstream, number, Event.noReference(time, name));
            return;
        }
        try {
            List<Map<String, Object>> rows = of.input
                    .format()
                    .read(value, spec.query().members(), of.upstream.partition(), arrival)
                    .rows();
            if (rows.size() > 1) {
                diagnostics.unconvertible(
                        of.input.topic(), of.upstream.partition(), offset, "of reference data a record has one row");
            }
            events.event(of.upstream, number, Event.reference(time, name, rows.getFirst()));
        } catch (IOException e) {
            diagnostics.undecodable(of.input.topic(), of.upstream.partition(), offset, e);
        }
    }

    private void take(Partition of, long offset, long number, Event event, long arrival) {
        @Nullable Expression timestamp = of.times.timestamp();
        long happened = arrival;
        if (timestamp != null) {
            Optional<Instant> at;
            try {
                at = StreamValues.instant(timestamp.evaluate(event));
            } catch (EvaluationException e) {
                throw new StreamJobFailure(position(spec, of.upstream, offset) + ": " + e.getMessage(), e);
            }
            if (at.isEmpty()) {
                diagnostics.unconvertible(
                        of.input.topic(), of.upstream.partition(), offset, "TIMESTAMP BY gives no datetime");
                return;
            }
            happened = Ticks.of(at.get());
        }
        PartitionClock.Verdict verdict = of.clock.take(happened, arrival);
        diagnostics.placed(verdict.fate());
        if (!of.times.over().isEmpty()) {
            of.clock.quietUntil(arrival); // Lateness is all that moves the time of all substreams.
        }
        if (!verdict.dropped()) {
            events.event(
                    of.upstream,
                    number,
                    verdict.time() == event.time()
                            ? event
                            : new Event(verdict.time(), event.record(), event.metadata()));
        }
    }

    /** Returns the offset of the record that an event came of. @param number of the event */
    static long offset(long number) {
        return number / EVENTS_OF_A_RECORD;
    }

    static String position(StreamJobSpec spec, Upstream upstream, long offset) {
        return "topic " + spec.inputs().get(upstream.input()).topic() + ", partition " + upstream.partition()
                + ", offset " + offset;
    }

    /** Moves time on where nothing comes. @param now by the wall, in ticks */
    void passTime(long now) {
        for (Partition partition : partitions) {
            spec.arrivals()
                    .completeUntil(partition.input.topic(), partition.upstream.partition(), partition.taken, now)
                    .ifPresent(partition.clock::quietUntil);
        }
    }

    /** Announces how far partitions are. @return whether any went on */
    boolean announce() {
        boolean any = false;
        for (Partition partition : partitions) {
            long watermark = partition.clock.watermark();
            if (watermark > partition.announced) {
                partition.announced = watermark;
                partition.changed = true;
                events.watermark(partition.upstream, watermark);
                any = true;
            }
        }
        return any;
    }

    void save(Table table) {
        for (Partition partition : partitions) {
            if (partition.changed) {
                partition.changed = false;
                List<Object> saved = new ArrayList<>();
                saved.add(partition.taken);
                for (long time : partition.clock.save()) {
                    saved.add(time);
                }
                table.put(List.of((long) partition.upstream.input()), saved);
            }
        }
    }

    void load(Table table) {
        table.forEach((key, saved) -> {
            for (Partition partition : partitions) {
                if (partition.upstream.input() == (Long) key.getFirst()) {
                    List<?> all = (List<?>) saved;
                    partition.taken = (Long) all.getFirst();
                    partition.clock.load(
                            all.stream().skip(1).mapToLong(time -> (Long) time).toArray());
                }
            }
        });
    }
}
