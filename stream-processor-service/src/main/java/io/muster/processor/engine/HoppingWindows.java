package io.muster.processor.engine;

import io.muster.query.stream.Accumulator;
import io.muster.query.stream.StreamQuery.Grouping;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.Window;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Groups rows by tumbling, hopping and snapshot windows. A row is added once, to its pane, the longest stretch of time that every window has
 * whole or not at all; a window's groups are merged of its panes when it ends. So a row costs the same however often windows hop, and each
 * group of a pane one merge a window more.
 */
final class HoppingWindows extends Operator {
    private static final class Group {
        private final long end;
        private final List<Object> key;
        private final Accumulator[] accumulators;
        private boolean changed;
        private boolean saved;
        private boolean dropped;

        private Group(long end, List<Object> key, Accumulator[] accumulators) {
            this.end = end;
            this.key = key;
            this.accumulators = accumulators;
        }

        private List<Object> entry() {
            return List.of(end, key);
        }
    }

    private final Window.Hopping window;
    private final Window.Hopping pane;
    private final String id;
    private final Groups groups;
    /** Holds panes by their ends. */
    private final NavigableMap<Long, Map<List<Object>, Group>> panes = new TreeMap<>();

    private final List<Group> changed = new ArrayList<>();
    private final List<Group> gone = new ArrayList<>();
    private long advanced = Long.MIN_VALUE;
    private long currentEnd = Long.MIN_VALUE;
    private @Nullable Map<List<Object>, Group> current;

    HoppingWindows(Window.Hopping window, String id, Grouping grouping) {
        this.window = window;
        long length = greatestCommonDivisor(window.size(), window.hop());
        this.pane = new Window.Hopping(length, length, Math.floorMod(window.offset(), length));
        this.id = id;
        this.groups = new Groups(grouping);
    }

    private static long greatestCommonDivisor(long one, long other) {
        return other == 0 ? one : greatestCommonDivisor(other, one % other);
    }

    @Override
    void row(int port, StreamRow row) {
        long end = pane.endFor(row.time());
        Map<List<Object>, Group> of = current;
        if (of == null || end != currentEnd) {
            of = panes.computeIfAbsent(end, _ -> new HashMap<>());
            current = of;
            currentEnd = end;
        }
        List<Object> key = groups.key(row);
        @Nullable Group group = of.get(key);
        if (group == null) {
            group = new Group(end, key, groups.start());
            of.put(key, group);
        }
        if (!group.changed) {
            group.changed = true;
            changed.add(group);
        }
        Groups.add(group.accumulators, row);
    }

    @Override
    void advance(long watermark) {
        while (!panes.isEmpty()) {
            long end = window.endFor(Math.max(panes.firstKey(), advanced));
            if (end >= watermark) {
                break;
            }
            end(end);
            advanced = end + 1;
            dropUntil(advanced);
        }
        advanced = Math.max(advanced, watermark);
    }

    private void end(long end) {
        NavigableMap<Long, Map<List<Object>, Group>> its = panes.subMap(end - window.size(), false, end, true);
        Map<List<Object>, Accumulator[]> results = new HashMap<>();
        if (its.size() == 1) {
            its.firstEntry().getValue().forEach((key, group) -> results.put(key, group.accumulators));
        } else {
            for (Map<List<Object>, Group> of : its.values()) {
                of.forEach((key, group) ->
                        Groups.merge(results.computeIfAbsent(key, _ -> groups.start()), group.accumulators, end, id));
            }
        }
        results.entrySet().stream()
                .sorted(Map.Entry.comparingByKey(Groups.ORDER))
                .forEach(group -> emit(new GroupRow(end, group.getValue(), id)));
    }

    /** Drops panes whose last window has ended. */
    private void dropUntil(long next) {
        while (!panes.isEmpty() && window.endFor(next) - window.size() >= panes.firstKey()) {
            Map.Entry<Long, Map<List<Object>, Group>> first = panes.pollFirstEntry();
            for (Group group : first.getValue().values()) {
                group.dropped = true;
                if (group.saved) {
                    gone.add(group);
                }
            }
            if (first.getKey() == currentEnd) {
                current = null;
            }
        }
    }

    @Override
    void save(Table table) {
        gone.forEach(group -> table.remove(group.entry()));
        gone.clear();
        for (Group group : changed) {
            group.changed = false;
            if (!group.dropped) {
                table.put(group.entry(), Groups.save(group.accumulators));
                group.saved = true;
            }
        }
        changed.clear();
        table.put(List.of(), advanced);
    }

    @Override
    @SuppressWarnings("unchecked") // As save() wrote it.
    void load(Table table) {
        table.forEach((key, saved) -> {
            if (key.isEmpty()) {
                advanced = (Long) saved;
            } else {
                Group group = new Group((Long) key.get(0), (List<Object>) key.get(1), groups.load((List<?>) saved));
                group.saved = true;
                panes.computeIfAbsent(group.end, _ -> new HashMap<>()).put(group.key, group);
            }
        });
    }
}
