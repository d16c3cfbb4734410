package io.muster.processor.engine;

import io.muster.query.Expression;
import io.muster.query.stream.StreamQuery.Column;
import io.muster.query.stream.StreamRow;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Rows that hold, with the columns that are asked for. Without columns rows pass as they are. */
final class Projection extends Operator {
    private final @Nullable Expression condition;
    private final List<Column> columns;

    Projection(@Nullable Expression condition, List<Column> columns) {
        this.condition = condition;
        this.columns = columns;
    }

    @Override
    void row(int port, StreamRow row) {
        if (condition != null && condition.evaluate(row) != Boolean.TRUE) {
            return;
        }
        if (columns.isEmpty()) {
            emit(row);
            return;
        }
        Map<String, Object> record = new LinkedHashMap<>();
        for (Column column : columns) {
            Object value = column.value().evaluate(row);
            if (column.name() != null) {
                record.put(column.name(), value);
            } else {
                ((Map<?, ?>) value).forEach((name, member) -> record.put((String) name, member));
            }
        }
        emit(Event.row(row.time(), record));
    }
}
