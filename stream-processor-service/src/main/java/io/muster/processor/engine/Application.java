package io.muster.processor.engine;

import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamQuery.Apply;
import io.muster.query.stream.StreamRow;
import java.util.List;
import java.util.Map;

/** A row for each element of a list in the row, and of the next list in each of these; so many of one row at most. */
final class Application extends Operator {
    private static final int MOST_ROWS = 1_048_576;

    private final List<Apply> applies;
    private final int part;
    private int made;

    /** @param part the place of the first that is applied among the row's parts */
    Application(List<Apply> applies, int part) {
        this.applies = applies;
        this.part = part;
    }

    /** @throws EvaluationException where it makes more */
    @Override
    void row(int port, StreamRow row) {
        made = 0;
        apply(row, 0);
    }

    @SuppressWarnings("unchecked") // The functions that may be applied make lists of records.
    private void apply(StreamRow row, int place) {
        if (place == applies.size()) {
            if (++made > MOST_ROWS) {
                throw new EvaluationException("APPLY makes more than " + MOST_ROWS + " rows of one");
            }
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
        return Parts.of(row, part + place, element, row.time());
    }
}
