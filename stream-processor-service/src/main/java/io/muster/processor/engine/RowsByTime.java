package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Keeps rows of several ports until all earlier ones have come. Empty whenever state is saved, since time has gone on until then. For one thread. */
final class RowsByTime {
    /** Holds a row and its port. */
    record Arrived(int port, StreamRow row) {}

    private final NavigableMap<Long, List<Arrived>> waiting = new TreeMap<>();
    private final Comparator<Arrived> atOneInstant;

    /** Begins without a row. @param atOneInstant which rows of one instant come first */
    RowsByTime(Comparator<Arrived> atOneInstant) {
        this.atOneInstant = atOneInstant;
    }

    void add(int port, StreamRow row) {
        waiting.computeIfAbsent(row.time(), _ -> new ArrayList<>()).add(new Arrived(port, row));
    }

    /** Hands out all before the time, in order. */
    void until(long time, Consumer<Arrived> next) {
        while (!waiting.isEmpty() && waiting.firstKey() < time) {
            waiting.pollFirstEntry().getValue().stream().sorted(atOneInstant).forEach(next);
        }
    }
}
