package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import java.util.List;
import java.util.Map;

/** Rows as values, for state. */
final class Rows {
    private Rows() {}

    static Object save(StreamRow row) {
        return row instanceof Event event
                ? List.of(event.time(), event.record(), event.metadata())
                : List.of(row.time(), row.record(), Map.of());
    }

    @SuppressWarnings("unchecked") // As save() made it.
    static Event load(Object saved) {
        List<?> parts = (List<?>) saved;
        return new Event((Long) parts.get(0), (Map<String, Object>) parts.get(1), (Map<String, Object>) parts.get(2));
    }
}
