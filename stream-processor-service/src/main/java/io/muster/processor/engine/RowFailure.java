package io.muster.processor.engine;

import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import java.io.Serial;

/** Says that the query failed at a row that it had made of events. */
public final class RowFailure extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final long time;
    private final transient Object values;

    RowFailure(StreamRow row, EvaluationException cause) {
        super(cause.getMessage(), cause);
        this.time = row.time();
        this.values = values(row);
    }

    /** Returns the time of the row, in ticks. */
    public long time() {
        return time;
    }

    /** Returns the row as a record; a list of those of a joined row's parts; of a group its keys, and then its aggregates. */
    public Object values() {
        return values;
    }

    private static Object values(StreamRow row) {
        return switch (row) {
            case Parts joined -> joined.parts().stream().map(RowFailure::values).toList();
            case GroupRow group -> group.values();
            case Absent _ -> StreamValues.NULL;
            default -> row.record();
        };
    }
}
