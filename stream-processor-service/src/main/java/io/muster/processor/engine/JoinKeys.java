package io.muster.processor.engine;

import io.muster.query.kernel.Expression;
import io.muster.query.stream.StreamQuery.Join;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Computes the keys by which rows are joined; null where one of the values is NULL: such a row has no partner.
 *
 * @param parts how many sources the rows have to which another is joined
 */
record JoinKeys(Join join, int parts) {
    @Nullable
    List<Object> left(StreamRow row) {
        return key(join.leftKeys(), row);
    }

    /** Returns the key of the joined row, whose columns are those of the last part. */
    @Nullable
    List<Object> right(StreamRow row) {
        List<StreamRow> all = new ArrayList<>();
        for (int i = 0; i <= parts; i++) {
            all.add(row);
        }
        return key(join.rightKeys(), new Parts(all, row.time()));
    }

    private static @Nullable List<Object> key(List<Expression> expressions, StreamRow row) {
        List<Object> key = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            Object value = expression.evaluate(row);
            if (value == StreamValues.NULL) {
                return null;
            }
            key.add(StreamValues.key(value));
        }
        return key;
    }
}
