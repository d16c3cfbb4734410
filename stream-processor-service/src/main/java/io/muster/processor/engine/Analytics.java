package io.muster.processor.engine;

import io.muster.query.kernel.Expression;
import io.muster.query.stream.Accumulator;
import io.muster.query.stream.StreamQuery.Analytic;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Computes the functions that read earlier rows, and hands each row on with their values. */
final class Analytics extends Operator {
    private record Past(long time, Object value) {}

    private final List<Analytic> functions;
    /** Maps the place and the keys of a function to what it remembers, the latest last. */
    private final Map<List<Object>, Deque<Past>> pasts = new HashMap<>();

    /** Has each key once, at a time before which its memory is not empty. */
    private final NavigableMap<Long, List<List<Object>>> expiries = new TreeMap<>();

    private final Changes<List<Object>> changes = new Changes<>();

    Analytics(List<Analytic> functions) {
        this.functions = functions;
    }

    @Override
    void row(int port, StreamRow row) {
        Object[] values = new Object[functions.size()];
        Analyzed analyzed = new Analyzed(row, values);
        for (int i = 0; i < values.length; i++) {
            values[i] = value(i, functions.get(i), analyzed);
        }
        emit(analyzed);
    }

    private Object value(int place, Analytic function, StreamRow row) {
        List<Object> key = key(place, function, row);
        boolean counts = function.when() == null || function.when().evaluate(row) == Boolean.TRUE;
        @Nullable Deque<Past> known = pasts.get(key);
        Deque<Past> past = known == null ? new ArrayDeque<>() : known;
        long since = row.time() - function.limit();
        return switch (function.kind()) {
            case Analytic.Kind.Lag lag -> {
                while (!past.isEmpty() && past.getFirst().time() <= since) {
                    past.removeFirst();
                }
                Object value = lag.value().evaluate(row);
                Object result;
                if (lag.offset() == 0) {
                    result = counts
                            ? value
                            : past.isEmpty()
                                    ? lag.byDefault().evaluate(row)
                                    : past.getLast().value();
                } else {
                    result = past.size() < lag.offset() ? lag.byDefault().evaluate(row) : nthLast(past, lag.offset());
                }
                if (counts) {
                    past.addLast(new Past(row.time(), value));
                    while (past.size() > Math.max(1, lag.offset())) {
                        past.removeFirst();
                    }
                }
                keep(key, past, row.time() + function.limit());
                yield result;
            }
            case Analytic.Kind.IsFirst first -> {
                long interval = Math.ceilDiv(row.time(), first.interval());
                boolean isFirst = counts && (past.isEmpty() || past.getLast().time() < interval);
                if (isFirst) {
                    past.clear();
                    past.addLast(new Past(interval, Boolean.TRUE));
                    keep(key, past, row.time() + first.interval());
                }
                yield isFirst ? 1L : 0L;
            }
            case Analytic.Kind.Aggregated aggregated -> {
                while (!past.isEmpty() && past.getFirst().time() <= since) {
                    past.removeFirst();
                }
                if (counts) {
                    past.addLast(new Past(row.time(), row instanceof Analyzed analyzed ? analyzed.row() : row));
                }
                keep(key, past, row.time() + function.limit());
                Accumulator accumulator = aggregated.aggregate().start();
                past.forEach(one -> accumulator.add((StreamRow) one.value()));
                yield accumulator.result();
            }
        };
    }

    private static List<Object> key(int place, Analytic function, StreamRow row) {
        List<Object> key = new ArrayList<>();
        key.add((long) place);
        for (Expression part : function.partition()) {
            key.add(StreamValues.groupKey(part.evaluate(row)));
        }
        return key;
    }

    private static Object nthLast(Deque<Past> past, int count) {
        Iterator<Past> last = past.descendingIterator();
        Past found = last.next();
        for (int i = 1; i < count; i++) {
            found = last.next();
        }
        return found.value();
    }

    private void keep(List<Object> key, Deque<Past> past, long until) {
        changes.changed(key);
        if (pasts.put(key, past) == null) {
            expireAt(until, key);
        }
    }

    private void expireAt(long time, List<Object> key) {
        expiries.computeIfAbsent(time, _ -> new ArrayList<>()).add(key);
    }

    /** Forgets keys of which no row came for as long as their functions reach back. */
    @Override
    void advance(long watermark) {
        while (!expiries.isEmpty() && expiries.firstKey() < watermark) {
            for (List<Object> key : expiries.pollFirstEntry().getValue()) {
                long last = lastOf(key, Objects.requireNonNull(pasts.get(key), "a key is here as long as there"));
                if (last < watermark) {
                    pasts.remove(key);
                    changes.changed(key);
                } else {
                    expireAt(last, key);
                }
            }
        }
    }

    /** Returns the last instant, in ticks, of which a row may ask for what is remembered. */
    private long lastOf(List<Object> key, Deque<Past> past) {
        if (past.isEmpty()) {
            return Long.MIN_VALUE;
        }
        Analytic function = functions.get(((Long) key.getFirst()).intValue());
        return function.kind() instanceof Analytic.Kind.IsFirst first
                ? past.getLast().time() * first.interval()
                : past.getLast().time() + function.limit();
    }

    @Override
    void save(Table table) {
        changes.save(table, key -> {
            @Nullable Deque<Past> past = pasts.get(key);
            return past == null
                    ? null
                    : past.stream()
                            .map(one -> List.of(
                                    one.time(), one.value() instanceof StreamRow row ? Rows.save(row) : one.value()))
                            .toList();
        });
    }

    @Override
    @SuppressWarnings("unchecked") // As save() wrote it.
    void load(Table table) {
        table.forEach((entry, saved) -> {
            List<Object> key = (List<Object>) entry.getFirst();
            Analytic function = functions.get(((Long) key.getFirst()).intValue());
            Deque<Past> past = new ArrayDeque<>();
            for (Object one : (List<?>) saved) {
                List<?> pair = (List<?>) one;
                Object value = pair.get(1);
                past.add(new Past(
                        (Long) pair.get(0),
                        function.kind() instanceof Analytic.Kind.Aggregated ? Rows.load(value) : value));
            }
            pasts.put(key, past);
            expireAt(lastOf(key, past), key);
            changes.saved(key);
        });
    }
}
