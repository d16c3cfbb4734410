package io.muster.query.device;

import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes the result of a query of the rows that match. */
public sealed interface Selection {
    /** Selects each row as it is: {@code SELECT *}. */
    record Whole() implements Selection {}

    /** Selects some members of each row. */
    record Columns(List<Column> columns) implements Selection {
        /** Makes the columns of a row, in their order: an undefined one is left out, JSON's null is {@link Values#NULL}. */
        public Map<String, Object> of(Row row) {
            Map<String, Object> made = new LinkedHashMap<>();
            for (Column column : columns) {
                Object value = column.path.evaluate(row);
                if (value != Values.UNDEFINED) {
                    made.put(column.name, value);
                }
            }
            return made;
        }
    }

    /** Reads a member, and names it in the result. */
    final class Column {
        private final String name;
        private final Path path;

        Column(String name, Path path) {
            this.name = name;
            this.path = path;
        }
    }

    /** Makes one row for each group of rows. */
    record Grouped(Groups groups) implements Selection {}
}
