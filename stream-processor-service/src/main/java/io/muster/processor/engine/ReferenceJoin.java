package io.muster.processor.engine;

import io.muster.query.stream.StreamQuery.Join;
import io.muster.query.stream.StreamRow;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Joins what has come so far (port 0) with the reference data that are valid at its time (port 1): of each key the latest row no later than
 * it. A reference row says its key as {@link #KEY} among its metadata, and {@link #DELETED} where there is none of that key any more.
 */
final class ReferenceJoin extends Operator {
    /** Names a member that no column is called, since it has a blank in front. */
    static final String KEY = " key";

    static final String DELETED = " deleted";

    private static final int REFERENCE = 1;

    private final Join join;
    private final JoinKeys keys;
    private final int parts;
    private final MadeRows made;

    /** Keeps the rows that are valid now, by their keys. */
    private final Map<String, Event> valid = new HashMap<>();

    /** Keeps the same rows by the values of the columns that join them, in order of their keys. */
    private final Map<List<Object>, NavigableMap<String, Event>> byColumns = new HashMap<>();

    /** Has reference rows first: from its instant on a row is valid. */
    private final RowsByTime waiting =
            new RowsByTime(Comparator.comparingInt(next -> next.port() == REFERENCE ? 0 : 1));

    private final Changes<String> changes = new Changes<>();

    /** Joins rows whose own parts come first. @param parts how many sources the rows of port 0 have */
    ReferenceJoin(Join join, int parts, MadeRows made) {
        this.join = join;
        this.keys = new JoinKeys(join, parts);
        this.parts = parts;
        this.made = made;
    }

    @Override
    void row(int port, StreamRow row) {
        waiting.add(port, row);
    }

    @Override
    void advance(long watermark) {
        waiting.until(watermark, next -> {
            if (next.port() == REFERENCE) {
                learn((Event) next.row());
            } else {
                join(next.row());
            }
        });
    }

    private void learn(Event reference) {
        String key = String.valueOf(reference.metadata().get(KEY));
        @Nullable Event before = valid.remove(key);
        if (before != null) {
            @Nullable List<Object> columns = keys.right(before);
            if (columns != null) {
                byColumns.computeIfPresent(columns, (_, rows) -> {
                    rows.remove(key);
                    return rows.isEmpty() ? null : rows;
                });
            }
        }
        changes.changed(key);
        if (!reference.metadata().containsKey(DELETED)) {
            know(key, reference);
        }
    }

    private void know(String key, Event reference) {
        valid.put(key, reference);
        @Nullable List<Object> columns = keys.right(reference);
        if (columns != null) {
            byColumns.computeIfAbsent(columns, _ -> new TreeMap<>()).put(key, reference);
        }
    }

    private void join(StreamRow row) {
        @Nullable List<Object> columns = keys.left(row);
        boolean matched = false;
        if (columns != null) {
            for (Event reference :
                    byColumns.getOrDefault(columns, new TreeMap<>()).values()) {
                made.made(row);
                Parts pair = Parts.of(row, parts, reference, row.time());
                if (evaluate(join.on(), pair) == Boolean.TRUE) {
                    matched = true;
                    emit(pair);
                }
            }
        }
        if (!matched && join.outer()) {
            emit(Parts.of(row, parts, new Absent(row.time()), row.time()));
        }
    }

    @Override
    void save(Table table) {
        changes.save(table, key -> {
            @Nullable Event reference = valid.get(key);
            return reference == null ? null : Rows.save(reference);
        });
    }

    @Override
    void load(Table table) {
        table.forEach((key, saved) -> {
            know((String) key.getFirst(), Rows.event(saved));
            changes.saved((String) key.getFirst());
        });
    }
}
