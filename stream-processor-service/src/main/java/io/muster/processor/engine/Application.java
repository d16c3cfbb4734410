package io.muster.processor.engine;

import io.muster.query.stream.StreamQuery.Apply;
import io.muster.query.stream.StreamRow;
import java.util.List;
import java.util.Map;

/** A row for each element of a list in the row. */
final class Application extends Operator {
    private final Apply apply;
    private final int part;

    /** @param part the place of what is applied among the row's parts */
    Application(Apply apply, int part) {
        this.apply = apply;
        this.part = part;
    }

    @Override
    @SuppressWarnings("unchecked") // The functions that may be applied make lists of records.
    void row(int port, StreamRow row) {
        List<?> elements = apply.rows().evaluate(row) instanceof List<?> list ? list : List.of();
        for (Object element : elements) {
            emit(Parts.of(row, part, Event.row(row.time(), (Map<String, Object>) element), row.time()));
        }
        if (elements.isEmpty() && apply.outer()) {
            emit(Parts.of(row, part, Event.row(row.time(), Map.of()), row.time()));
        }
    }
}
