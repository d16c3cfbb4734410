package io.muster.processor.engine;

import io.muster.query.kernel.Expression;
import io.muster.query.stream.StreamQuery.Column;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Passes rows for which the condition holds, with the columns of the query. Without columns rows pass as they are. A star shows no column that
 * another item names, or that a star before it shows.
 */
final class Projection extends Operator {
    private final @Nullable Expression condition;
    private final List<Column> columns;
    private final Set<String> named;
    private final boolean severalStars;

    Projection(@Nullable Expression condition, List<Column> columns) {
        this.condition = condition;
        this.columns = columns;
        this.named = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        columns.stream().flatMap(column -> Stream.ofNullable(column.name())).forEach(named::add);
        this.severalStars =
                columns.stream().filter(column -> column.name() == null).count() > 1;
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
        long weight = 0;
        for (Column column : columns) {
            Object value = column.value().evaluate(row);
            if (column.name() != null) {
                record.put(column.name(), value);
                weight += StreamValues.weight(value);
            } else if (value instanceof Map<?, ?> all) {
                weight += show(all, record);
            }
            StreamValues.rejectRow(weight);
        }
        emit(Event.row(row.time(), record));
    }

    /** Returns the weight of the columns that are shown. */
    private long show(Map<?, ?> all, Map<String, Object> record) {
        Set<String> before = Set.of();
        if (severalStars) {
            before = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
            before.addAll(record.keySet());
        }
        Set<String> taken = before;
        long weight = 0;
        for (Map.Entry<?, ?> column : all.entrySet()) {
            String name = (String) column.getKey();
            if (!named.contains(name) && !taken.contains(name)) {
                record.put(name, column.getValue());
                weight += StreamValues.weight(column.getValue());
            }
        }
        return weight;
    }
}
