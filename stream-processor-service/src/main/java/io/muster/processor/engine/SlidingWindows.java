package io.muster.processor.engine;

import io.muster.query.stream.Accumulator;
import io.muster.query.stream.StreamQuery.Grouping;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.Window;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Says what holds of the last so long whenever a row enters it or leaves it, once an instant, and nothing where no row is left. */
final class SlidingWindows extends Operator {
    private final long size;
    private final String id;
    private final Groups groups;
    /** Keeps the rows of each group, the oldest first; also those whose instant has not come yet. */
    private final Map<List<Object>, Deque<StreamRow>> rows = new HashMap<>();

    private final NavigableMap<Long, NavigableSet<List<Object>>> instants = new TreeMap<>();
    private final Changes<List<Object>> changes = new Changes<>();

    SlidingWindows(Window.Sliding window, String id, Grouping grouping) {
        this.size = window.size();
        this.id = id;
        this.groups = new Groups(grouping);
    }

    @Override
    void row(int port, StreamRow row) {
        List<Object> key = groups.key(row);
        add(key, row);
        changes.changed(key);
    }

    private void add(List<Object> key, StreamRow row) {
        rows.computeIfAbsent(key, _ -> new ArrayDeque<>()).add(row);
        for (long instant : new long[] {row.time(), row.time() + size}) {
            instants.computeIfAbsent(instant, _ -> new TreeSet<>(Groups.ORDER)).add(key);
        }
    }

    @Override
    void advance(long watermark) {
        while (!instants.isEmpty() && instants.firstKey() < watermark) {
            Map.Entry<Long, NavigableSet<List<Object>>> next = instants.pollFirstEntry();
            next.getValue().forEach(key -> at(next.getKey(), key));
        }
    }

    private void at(long instant, List<Object> key) {
        @Nullable Deque<StreamRow> of = rows.get(key);
        if (of == null) {
            return;
        }
        while (!of.isEmpty() && of.getFirst().time() <= instant - size) {
            of.removeFirst();
            changes.changed(key);
        }
        if (of.isEmpty()) {
            rows.remove(key);
            return;
        }
        Accumulator[] accumulators = groups.start();
        for (StreamRow row : of) {
            if (row.time() > instant) {
                break;
            }
            Groups.add(accumulators, row);
        }
        if (of.getFirst().time() <= instant) {
            emit(new GroupRow(instant, accumulators, id));
        }
    }

    @Override
    void save(Table table) {
        changes.save(table, key -> {
            @Nullable Deque<StreamRow> of = rows.get(key);
            return of == null ? null : of.stream().map(Rows::save).toList();
        });
        table.put(List.of(), instants.isEmpty() ? Long.MIN_VALUE : instants.firstKey());
    }

    @Override
    @SuppressWarnings("unchecked") // As save() wrote it.
    void load(Table table) {
        long[] next = {Long.MIN_VALUE};
        table.forEach((key, saved) -> {
            if (key.isEmpty()) {
                next[0] = (Long) saved;
            } else {
                ((List<?>) saved).forEach(row -> add((List<Object>) key.getFirst(), Rows.load(row)));
                changes.saved((List<Object>) key.getFirst());
            }
        });
        instants.headMap(next[0], false).clear();
    }
}
