package io.muster.processor.engine;

import io.muster.processor.engine.Backlog.Waiting;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Runs a query over the events of several partitions: brings them into one order, by time and then by where they stand in the log, so
 * that results don't depend on what was read first; goes on as far as the slowest partition allows. Only results from the output
 * start time on are handed out.
 */
public final class StreamTask implements StreamRun {
    /** Names a partition of an input, by the numbers of both. */
    public record Upstream(int input, int partition) {
        List<Object> key() {
            return List.of((long) input, (long) partition);
        }

        /** Returns the partition that a key of a table begins with. @param key that begins with it */
        static Upstream of(List<Object> key) {
            return new Upstream(((Long) key.get(0)).intValue(), ((Long) key.get(1)).intValue());
        }
    }

    /** Takes results: all from one instant on, in order within a select, and none twice. */
    @FunctionalInterface
    public interface Results {
        void accept(String output, StreamRow row);
    }

    private final List<String> inputs;
    /** Bounds the events that results need: none before it, in ticks. */
    private final long wanted;

    private final StreamPlan plan;
    private final Map<Upstream, Long> watermarks = new HashMap<>();
    private final Map<Upstream, Backlog> backlogs = new HashMap<>();
    private final List<Waiting> arrived = new ArrayList<>();
    private final List<Waiting> gone = new ArrayList<>();
    private long watermark = Long.MIN_VALUE;
    private long end = Long.MAX_VALUE;
    private boolean timesChanged;

    /**
     * Makes a run that fits the query.
     *
     * @param inputs their names; {@link Upstream} counts them
     * @param upstreams all of them: none is passed by
     * @param from the output start time, in ticks: the first instant of which results are wanted
     * @param policy as the events' clocks have it
     * @param disorder counts an event that was out of order within its substream, which the clocks don't check
     */
    public static StreamRun of(
            StreamQuery query,
            List<String> inputs,
            List<Upstream> upstreams,
            long from,
            TimePolicy policy,
            Runnable disorder,
            Results results) {
        return query.hasSubstreams()
                ? new Substreams(query, inputs, upstreams, from, policy, disorder, results)
                : new StreamTask(query, inputs, upstreams, from, results);
    }

    StreamTask(StreamQuery query, List<String> inputs, List<Upstream> upstreams, long from, Results results) {
        this.inputs = inputs;
        long lookBack = query.lookBack();
        this.wanted = from < Long.MIN_VALUE + lookBack ? Long.MIN_VALUE : from - lookBack;
        this.plan = new StreamPlan(query, (output, row) -> {
            if (row.time() >= from && row.time() < end) {
                results.accept(output, row);
            }
        });
        for (Upstream upstream : upstreams) {
            watermarks.put(upstream, Long.MIN_VALUE);
            backlogs.put(upstream, new Backlog());
        }
    }

    @Override
    public void event(Upstream upstream, long number, Event event) {
        Waiting entry = new Waiting(upstream, number, event);
        backlog(upstream).add(entry);
        arrived.add(entry);
    }

    private Backlog backlog(Upstream upstream) {
        return Objects.requireNonNull(backlogs.get(upstream), "all upstreams were named");
    }

    @Override
    public void watermark(Upstream upstream, long time) {
        floor(upstream, time);
        timesChanged = true;
    }

    /** Raises a watermark that is not saved: its caller raises it again in what was loaded. */
    void floor(Upstream upstream, long time) {
        watermarks.merge(upstream, time, Math::max);
    }

    @Override
    public boolean goOn() {
        long now = Long.MAX_VALUE;
        for (long time : watermarks.values()) {
            now = Math.min(now, time);
        }
        if (now <= watermark) {
            return false;
        }
        workOff(now);
        plan.advance(now);
        watermark = now;
        return true;
    }

    /** Runs all events that wait and are earlier, in order. */
    private void workOff(long now) {
        Queue<Backlog> earliest = new PriorityQueue<>(
                backlogs.size(),
                Comparator.comparing(backlog -> Objects.requireNonNull(backlog.peek()), Backlog.ORDER));
        backlogs.values().stream().filter(backlog -> backlog.peek() != null).forEach(earliest::add);
        @Nullable Backlog first;
        while ((first = earliest.poll()) != null) {
            @Nullable Backlog second = earliest.peek();
            @Nullable Waiting limit = second == null ? null : second.peek();
            @Nullable Waiting next;
            while ((next = first.pollBefore(now)) != null) {
                workOff(next);
                @Nullable Waiting following = first.peek();
                if (following == null) {
                    break;
                }
                if (limit != null && Backlog.ORDER.compare(following, limit) > 0) {
                    earliest.add(first);
                    break;
                }
            }
        }
    }

    private void workOff(Waiting next) {
        if (next.isSaved()) {
            gone.add(next);
        }
        if (next.event().time() < wanted && !next.event().isReference()) {
            return; // It was read since events may be early. It would fail for nobody's result.
        }
        plan.comesTo(next.event().time());
        try {
            plan.row(inputs.get(next.upstream().input()), next.event());
        } catch (RowFailure e) {
            throw new EventFailure(next.upstream(), next.number(), e);
        }
    }

    @Override
    public void endAt(long time) {
        if (end == Long.MAX_VALUE) {
            end = Math.max(time, watermark);
            timesChanged = true;
        }
    }

    @Override
    public boolean isOver() {
        return watermark >= end;
    }

    /** Returns the bound of results: none from it on was handed out. */
    @Override
    public long watermark() {
        return Math.min(watermark, end);
    }

    @Override
    public List<Object> substream() {
        return List.of();
    }

    @Override
    public void save(IntFunction<Table> tables) {
        Table buffer = tables.apply(0);
        for (Waiting entry : gone) {
            buffer.remove(entry.key());
        }
        gone.clear();
        for (Waiting entry : arrived) {
            if (entry.event().time() >= watermark) {
                buffer.put(entry.key(), Rows.save(entry.event()));
                entry.saved();
            }
        }
        arrived.clear();
        if (timesChanged) {
            Table times = tables.apply(1);
            watermarks.forEach((upstream, time) -> times.put(upstream.key(), time));
            times.put(List.of(), List.of(watermark, end));
            timesChanged = false;
        }
        plan.save(place -> tables.apply(place + 2));
    }

    @Override
    public void load(IntFunction<Table> tables) {
        List<Waiting> loaded = new ArrayList<>();
        tables.apply(0).forEach((key, saved) -> {
            Waiting entry = new Waiting(Upstream.of(key), (Long) key.get(2), Rows.event(saved));
            entry.saved();
            loaded.add(entry);
        });
        loaded.sort(Backlog.ORDER);
        loaded.forEach(entry -> backlog(entry.upstream()).add(entry));
        tables.apply(1).forEach((key, saved) -> {
            if (key.isEmpty()) {
                watermark = (Long) ((List<?>) saved).get(0);
                end = (Long) ((List<?>) saved).get(1);
            } else {
                watermarks.put(Upstream.of(key), (Long) saved);
            }
        });
        plan.load(place -> tables.apply(place + 2));
    }
}
