package io.muster.processor.engine;

import io.muster.query.stream.StreamRow;
import java.util.List;
import java.util.Map;

/** Converts rows to values and back, for state: each with all that expressions can use of it. */
final class Rows {
    private static final long EVENT = 0;
    private static final long ABSENT = 1;
    private static final long PARTS = 2;
    private static final long ANALYZED = 3;

    private Rows() {}

    static Object save(StreamRow row) {
        return switch (row) {
            case Event event -> List.of(EVENT, event.time(), event.record(), event.metadata());
            case Absent absent -> List.of(ABSENT, absent.time());
            case Parts joined ->
                List.of(
                        PARTS,
                        joined.time(),
                        joined.parts().stream().map(Rows::save).toList());
            case Analyzed analyzed -> List.of(ANALYZED, save(analyzed.row()), List.of(analyzed.values()));
            default -> throw new IllegalArgumentException("no operator keeps such rows, class=" + row.getClass());
        };
    }

    static StreamRow load(Object saved) {
        List<?> all = (List<?>) saved;
        long kind = (Long) all.getFirst();
        if (kind == EVENT) {
            return event(saved);
        }
        if (kind == ABSENT) {
            return new Absent((Long) all.get(1));
        }
        if (kind == PARTS) {
            List<StreamRow> parts =
                    ((List<?>) all.get(2)).stream().map(Rows::load).toList();
            return new Parts(parts, (Long) all.get(1));
        }
        return new Analyzed(load(all.get(1)), ((List<?>) all.get(2)).toArray());
    }

    /** Loads an event, where no other rows are kept. */
    @SuppressWarnings("unchecked") // As save() made it.
    static Event event(Object saved) {
        List<?> all = (List<?>) saved;
        return new Event((Long) all.get(1), (Map<String, Object>) all.get(2), (Map<String, Object>) all.get(3));
    }
}
