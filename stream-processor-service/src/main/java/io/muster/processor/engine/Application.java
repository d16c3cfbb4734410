package io.muster.processor.engine;

import io.muster.query.stream.StreamQuery.Apply;
import io.muster.query.stream.StreamRow;
import java.util.List;
import java.util.Map;

/** Makes a row for each element of a list in the row, and of the next list in each of these. */
final class Application extends Operator {
    private final List<Apply> applies;
    private final int part;
    private final MadeRows made;

    /** Applies lists of rows one inside of the other. @param part the place of the first that is applied among the row's parts */
    Application(List<Apply> applies, int part, MadeRows made) {
        this.applies = applies;
        this.part = part;
        this.made = made;
    }

    @Override
    void row(int port, StreamRow row) {
        apply(row, 0);
    }

    @SuppressWarnings("unchecked") // The functions that may be applied make lists of records.
    private void apply(StreamRow row, int place) {
        if (place == applies.size()) {
            emit(row);
            return;
        }
        Apply apply = applies.get(place);
        List<?> elements = apply.rows().evaluate(row) instanceof List<?> list ? list : List.of();
        for (Object element : elements) {
            apply(with(row, place, Event.row(row.time(), (Map<String, Object>) element)), place + 1);
        }
        if (elements.isEmpty() && apply.outer()) {
            apply(with(row, place, new Absent(row.time())), place + 1);
        }
    }

    private StreamRow with(StreamRow row, int place, StreamRow element) {
        made.made(row);
        return Parts.of(row, part + place, element, row.time());
    }
}
