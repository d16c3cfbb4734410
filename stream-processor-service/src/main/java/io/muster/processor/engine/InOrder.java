package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Brings the rows of several selects into one order: by time, then by select. Holds nothing whenever state is saved. */
final class InOrder extends Operator {
    private record Waiting(int port, StreamRow row) {}

    private final NavigableMap<Long, List<Waiting>> waiting = new TreeMap<>();

    @Override
    void row(int port, StreamRow row) {
        waiting.computeIfAbsent(row.time(), _ -> new ArrayList<>()).add(new Waiting(port, row));
    }

    @Override
    void advance(long watermark) {
        while (!waiting.isEmpty() && waiting.firstKey() < watermark) {
            waiting.pollFirstEntry().getValue().stream()
                    .sorted((one, other) -> Integer.compare(one.port, other.port))
                    .forEach(next -> emit(next.row()));
        }
    }
}
