package io.muster.processor.engine;

import io.muster.processor.engine.StreamTask.Results;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.query.kernel.Expression;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamValues;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;

/**
 * Runs a query for each substream in its own time: how much events may be in disorder is asked of those of one substream; how late they
 * may come is the same for all, so no substream is further behind than that. The compiler has seen to it that what is of different
 * substreams never meets. For one thread. Contract: stream-analytics, 4.4.
 */
final class Substreams implements StreamRun {
    private static final int OWN_TABLES = 2;

    /** Runs one, in its own time. */
    private static final class Substream {
        private final List<Object> key;
        private final StreamTask task;
        private final Map<Upstream, PartitionClock> clocks = new HashMap<>();

        private Substream(List<Object> key, StreamTask task) {
            this.key = key;
            this.task = task;
        }
    }

    private final StreamQuery query;
    private final List<String> inputs;
    private final long from;
    private final TimePolicy policy;
    private final Runnable disorder;
    private final Results results;

    /** Holds the floor of each partition: the time before which no substream gets an event. */
    private final Map<Upstream, Long> floors = new LinkedHashMap<>();

    private final Map<List<Object>, Substream> substreams = new LinkedHashMap<>();
    private final Set<Substream> due = new LinkedHashSet<>();
    private final Set<Substream> unsaved = new LinkedHashSet<>();
    private boolean floorsRose;
    private boolean floorsUnsaved;
    private long end = Long.MAX_VALUE;
    private List<Object> current = List.of();

    /** Makes a run with a clock a substream; parameters as of {@link StreamTask#of}. */
    Substreams(
            StreamQuery query,
            List<String> inputs,
            List<Upstream> upstreams,
            long from,
            TimePolicy policy,
            Runnable disorder,
            Results results) {
        this.query = query;
        this.inputs = inputs;
        this.from = from;
        this.policy = new TimePolicy(-1, policy.disorder(), policy.drops());
        this.disorder = disorder;
        this.results = results;
        upstreams.forEach(upstream -> floors.put(upstream, Long.MIN_VALUE));
    }

    private Substream substream(List<Object> key) {
        return substreams.computeIfAbsent(key, _ -> {
            StreamTask task = new StreamTask(query, inputs, List.copyOf(floors.keySet()), from, results);
            floors.forEach(task::floor);
            if (end < Long.MAX_VALUE) {
                task.endAt(end);
            }
            return new Substream(key, task);
        });
    }

    @Override
    public void event(Upstream upstream, long number, Event event) {
        List<Object> key = new ArrayList<>();
        StreamQuery.Clock clock = Objects.requireNonNull(query.clocks().get(inputs.get(upstream.input())));
        for (Expression part : clock.over()) {
            key.add(StreamValues.groupKey(part.evaluate(event)));
        }
        Substream of = substream(key);
        PartitionClock own = of.clocks.computeIfAbsent(upstream, _ -> new PartitionClock(policy, false));
        PartitionClock.Verdict verdict = own.take(event.time(), event.time());
        if (verdict.fate() != PartitionClock.Fate.IN_TIME) {
            disorder.run();
        }
        if (!verdict.dropped()) {
            of.task.event(
                    upstream,
                    number,
                    verdict.time() == event.time()
                            ? event
                            : new Event(verdict.time(), event.record(), event.metadata()));
        }
        of.task.watermark(upstream, own.watermark());
        due.add(of);
        unsaved.add(of);
    }

    @Override
    public void watermark(Upstream upstream, long time) {
        if (time > floors.getOrDefault(upstream, Long.MIN_VALUE)) {
            floors.put(upstream, time);
            floorsRose = true;
            floorsUnsaved = true;
        }
    }

    @Override
    public boolean goOn() {
        boolean wentOn = floorsRose;
        Collection<Substream> all = floorsRose ? substreams.values() : due;
        for (Substream substream : all) {
            if (floorsRose) {
                floors.forEach(substream.task::floor);
            }
            current = substream.key;
            wentOn |= substream.task.goOn();
        }
        due.clear();
        floorsRose = false;
        return wentOn;
    }

    @Override
    public List<Object> substream() {
        return current;
    }

    /** Ends all substreams at one time: the given one, or behind all results that any has handed out. */
    @Override
    public void endAt(long time) {
        if (end == Long.MAX_VALUE) {
            end = Math.max(time, Collections.min(floors.values()));
            for (Substream substream : substreams.values()) {
                end = Math.max(end, substream.task.watermark());
            }
            substreams.values().forEach(substream -> substream.task.endAt(end));
            floorsUnsaved = true;
        }
    }

    @Override
    public boolean isOver() {
        return Collections.min(floors.values()) >= end;
    }

    /** Returns the time of the slowest substream, and of those that are still to come. */
    @Override
    public long watermark() {
        return Math.min(Collections.min(floors.values()), end);
    }

    @Override
    public void save(IntFunction<Table> tables) {
        if (floorsUnsaved) {
            Table table = tables.apply(0);
            floors.forEach((upstream, time) -> table.put(upstream.key(), time));
            table.put(List.of(), end);
            floorsUnsaved = false;
        }
        for (Substream substream : unsaved) {
            Table table = new Part(tables.apply(1), substream.key);
            substream.clocks.forEach((upstream, clock) -> table.put(
                    upstream.key(), Arrays.stream(clock.save()).boxed().toList()));
        }
        unsaved.clear();
        for (Substream substream : substreams.values()) {
            substream.task.save(number -> new Part(tables.apply(number + OWN_TABLES), substream.key));
        }
    }

    @Override
    public void load(IntFunction<Table> tables) {
        tables.apply(0).forEach((key, saved) -> {
            if (key.isEmpty()) {
                end = (Long) saved;
            } else {
                floors.put(Upstream.of(key), (Long) saved);
            }
        });
        Map<Integer, Map<List<Object>, Map<List<Object>, Object>>> loaded = new HashMap<>();
        bySubstream(tables.apply(1)).forEach((key, clocks) -> {
            Substream substream = substream(key);
            clocks.forEach((upstream, saved) -> {
                PartitionClock clock = new PartitionClock(policy, false);
                clock.load(((List<?>) saved)
                        .stream().mapToLong(time -> (Long) time).toArray());
                substream.clocks.put(Upstream.of(upstream), clock);
            });
            substream.task.load(number ->
                    new Loaded(loaded.computeIfAbsent(number, of -> bySubstream(tables.apply(of + OWN_TABLES)))
                            .getOrDefault(key, Map.of())));
            floors.forEach(substream.task::floor);
        });
        floorsRose = true; // They may have been raised without effect so far.
    }

    @SuppressWarnings("unchecked") // As Part has written them.
    private static Map<List<Object>, Map<List<Object>, Object>> bySubstream(Table table) {
        Map<List<Object>, Map<List<Object>, Object>> all = new HashMap<>();
        table.forEach((key, value) -> all.computeIfAbsent((List<Object>) key.getFirst(), _ -> new HashMap<>())
                .put(List.copyOf(key.subList(1, key.size())), value));
        return all;
    }

    /** Holds a substream's part of a table. */
    private record Part(Table whole, List<Object> substream) implements Table {
        private List<Object> key(List<Object> key) {
            List<Object> full = new ArrayList<>(key.size() + 1);
            full.add(substream);
            full.addAll(key);
            return full;
        }

        @Override
        public void put(List<Object> key, Object value) {
            whole.put(key(key), value);
        }

        @Override
        public void remove(List<Object> key) {
            whole.remove(key(key));
        }

        @Override
        public void forEach(BiConsumer<List<Object>, Object> entry) {
            throw new UnsupportedOperationException("a part is only written");
        }
    }

    /** Reads the entries that were saved of one. */
    private record Loaded(Map<List<Object>, Object> entries) implements Table {
        @Override
        public void put(List<Object> key, Object value) {
            throw new UnsupportedOperationException("loaded entries are only read");
        }

        @Override
        public void remove(List<Object> key) {
            put(key, key);
        }

        @Override
        public void forEach(BiConsumer<List<Object>, Object> entry) {
            entries.forEach(entry);
        }
    }
}
