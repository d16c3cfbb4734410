package io.muster.processor.engine;

import io.muster.query.stream.StreamQuery.Join;
import io.muster.query.stream.StreamQuery.Within;
import io.muster.query.stream.StreamRow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Joins what has come so far (port 0) with one source more (port 1), bounded in time. A pair has the time of its later row; a row that an
 * outer join found no partner for has the last time at which one could have come.
 */
final class StreamJoin extends Operator {
    private static final int LEFT = 0;

    /** Holds a row that is kept. */
    private static final class Kept {
        private final int port;
        private final long number;
        private final StreamRow row;
        /** Holds the key by which it is joined; null where one of the values is NULL, or its anchor: it has no partner. */
        private final @Nullable List<Object> key;

        /** Holds the time; of a left row, that of its anchor. */
        private final long time;

        /** Returns the time from which on it has no further partner. */
        private final long expiry;

        private boolean matched;

        private Kept(int port, long number, StreamRow row, @Nullable List<Object> key, long time, long expiry) {
            this.port = port;
            this.number = number;
            this.row = row;
            this.key = key;
            this.time = time;
            this.expiry = Math.max(expiry, row.time());
        }
    }

    private final Join join;
    private final Within reversed;
    private final JoinKeys keys;
    private final int parts;
    private final long slack;
    private final MadeRows made;

    /** Keeps the rows of each port, by key and time. */
    private final List<Map<List<Object>, NavigableMap<Long, List<Kept>>>> taken =
            List.of(new HashMap<>(), new HashMap<>());

    /** Keeps all rows, by number. */
    private final Map<Long, Kept> kept = new HashMap<>();

    /** Keeps rows by their times until {@link #advance}; empty whenever state is saved. */
    private final NavigableMap<Long, List<Kept>> waiting = new TreeMap<>();

    /** Returns the time from which on a row has no further partner. */
    private final NavigableMap<Long, List<Kept>> expiries = new TreeMap<>();

    private final Changes<Long> changes = new Changes<>();
    private long numbers;

    /**
     * Makes one.
     *
     * @param parts how many sources the rows of port 0 have
     * @param slack by how much an anchor's time may be behind its row's
     */
    StreamJoin(Join join, int parts, long slack, MadeRows made) {
        this.join = join;
        this.reversed = join.within().reversed();
        this.keys = new JoinKeys(join, parts);
        this.parts = parts;
        this.slack = slack;
        this.made = made;
    }

    @Override
    void row(int port, StreamRow row) {
        Kept entry = entry(port, numbers++, row);
        if (entry.key == null && !(port == LEFT && join.outer())) {
            return; // It has no partner, and nobody asks for it without one.
        }
        keep(entry);
        waiting.computeIfAbsent(row.time(), _ -> new ArrayList<>()).add(entry);
        changes.changed(entry.number);
    }

    private Kept entry(int port, long number, StreamRow row) {
        if (port != LEFT) {
            return new Kept(port, number, row, keys.right(row), row.time(), reversed.last(row.time()) + slack);
        }
        StreamRow anchor = row.part(join.anchor());
        return anchor.isAbsent()
                ? new Kept(port, number, row, null, row.time(), row.time())
                : new Kept(
                        port,
                        number,
                        row,
                        keys.left(row),
                        anchor.time(),
                        join.within().last(anchor.time()));
    }

    private void keep(Kept entry) {
        kept.put(entry.number, entry);
        expiries.computeIfAbsent(entry.expiry, _ -> new ArrayList<>()).add(entry);
    }

    @Override
    void advance(long watermark) {
        while (true) {
            long row = waiting.isEmpty() ? Long.MAX_VALUE : waiting.firstKey();
            long expiry = expiries.isEmpty() ? Long.MAX_VALUE : expiries.firstKey();
            if (Math.min(row, expiry) >= watermark) {
                return;
            }
            if (row <= expiry) {
                waiting.pollFirstEntry().getValue().stream()
                        .sorted((one, other) -> Integer.compare(one.port, other.port))
                        .forEach(this::take);
            } else {
                expiries.pollFirstEntry().getValue().forEach(entry -> expire(entry, expiry));
            }
        }
    }

    private void take(Kept entry) {
        if (entry.key == null) {
            return;
        }
        Within within = entry.port == LEFT ? join.within() : reversed;
        long from = within.first(entry.time);
        long to = within.last(entry.time);
        @Nullable
        NavigableMap<Long, List<Kept>> partners = taken.get(1 - entry.port).get(entry.key);
        if (partners != null && from <= to) {
            for (List<Kept> at : partners.subMap(from, true, to, true).values()) {
                at.forEach(partner -> pair(entry.port == LEFT ? entry : partner, entry.port == LEFT ? partner : entry));
            }
        }
        index(entry);
    }

    private void index(Kept entry) {
        if (entry.key != null) {
            taken.get(entry.port)
                    .computeIfAbsent(entry.key, _ -> new TreeMap<>())
                    .computeIfAbsent(entry.time, _ -> new ArrayList<>())
                    .add(entry);
        }
    }

    private void pair(Kept left, Kept right) {
        made.made(left.row);
        Parts row = Parts.of(left.row, parts, right.row, Math.max(left.row.time(), right.row.time()));
        if (evaluate(join.on(), row) == Boolean.TRUE) {
            if (!left.matched) {
                left.matched = true;
                changes.changed(left.number);
            }
            emit(row);
        }
    }

    private void expire(Kept entry, long at) {
        kept.remove(entry.number);
        changes.changed(entry.number);
        @Nullable
        NavigableMap<Long, List<Kept>> times =
                entry.key == null ? null : taken.get(entry.port).get(entry.key);
        if (times != null) {
            @Nullable List<Kept> same = times.get(entry.time);
            if (same != null && same.remove(entry) && same.isEmpty()) {
                times.remove(entry.time);
            }
            if (times.isEmpty()) {
                taken.get(entry.port).remove(entry.key);
            }
        }
        if (entry.port == LEFT && join.outer() && !entry.matched) {
            made.cameOut();
            emit(Parts.of(entry.row, parts, new Absent(at), at));
        }
    }

    @Override
    void save(Table table) {
        changes.save(table, number -> {
            @Nullable Kept entry = kept.get(number);
            if (entry == null) {
                return null;
            }
            return List.of((long) entry.port, entry.matched, Rows.save(entry.row));
        });
        table.put(List.of(), numbers);
    }

    @Override
    void load(Table table) {
        Map<Long, List<?>> all = new TreeMap<>();
        table.forEach((key, saved) -> {
            if (key.isEmpty()) {
                numbers = (Long) saved;
            } else {
                all.put((Long) key.getFirst(), (List<?>) saved);
            }
        });
        all.forEach((number, saved) -> {
            int port = ((Long) saved.get(0)).intValue();
            Kept entry = entry(port, number, Rows.load(saved.get(2)));
            entry.matched = (Boolean) saved.get(1);
            keep(entry);
            index(entry);
            changes.saved(number);
        });
    }
}
