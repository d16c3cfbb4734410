package io.muster.processor.engine;

import io.muster.query.kernel.Expression;
import io.muster.query.stream.Accumulator;
import io.muster.query.stream.Aggregate;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamQuery.Grouping;
import io.muster.query.stream.StreamRow;
import io.muster.query.stream.StreamValues;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Computes the keys and the values of groups of a select, whatever its window. */
final class Groups {
    /** Orders keys within an instant, so that results have one order. */
    static final Comparator<List<Object>> ORDER = (one, other) -> {
        for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
            int sign = StreamValues.order(one.get(i), other.get(i));
            if (sign != 0) {
                return sign;
            }
        }
        return Integer.compare(one.size(), other.size());
    };

    private final Expression[] keys;
    private final Aggregate[] aggregates;

    Groups(Grouping grouping) {
        this.keys = grouping.keys().toArray(Expression[]::new);
        this.aggregates = grouping.aggregates().toArray(Aggregate[]::new);
    }

    /** Returns the key of a row: values that are one group have the same; NULL is one. */
    List<Object> key(StreamRow row) {
        return switch (keys.length) {
            case 0 -> List.of();
            case 1 -> List.of(StreamValues.groupKey(keys[0].evaluate(row)));
            default -> {
                List<Object> key = new ArrayList<>(keys.length);
                for (Expression expression : keys) {
                    key.add(StreamValues.groupKey(expression.evaluate(row)));
                }
                yield key;
            }
        };
    }

    Accumulator[] start() {
        Accumulator[] started = new Accumulator[aggregates.length];
        for (int i = 0; i < started.length; i++) {
            started[i] = aggregates[i].start();
        }
        return started;
    }

    /** Adds a row to the aggregates of its group. @throws RowFailure where an aggregate can't take the row */
    static void add(Accumulator[] to, StreamRow row) {
        try {
            for (Accumulator accumulator : to) {
                accumulator.add(row);
            }
        } catch (EvaluationException e) {
            throw new RowFailure(row, e);
        }
    }

    /**
     * Merges the aggregates of a part of the window into others.
     *
     * @throws RowFailure where an aggregate can't take what has been computed for a part of the window
     */
    static void merge(Accumulator[] to, Accumulator[] from, long end, String window) {
        try {
            for (int i = 0; i < to.length; i++) {
                to[i].merge(from[i]);
            }
        } catch (EvaluationException e) {
            throw new RowFailure(new GroupRow(end, from, window), e);
        }
    }

    static List<Object> save(Accumulator[] accumulators) {
        List<Object> saved = new ArrayList<>(accumulators.length);
        for (Accumulator accumulator : accumulators) {
            saved.add(accumulator.save());
        }
        return saved;
    }

    Accumulator[] load(List<?> saved) {
        Accumulator[] accumulators = start();
        for (int i = 0; i < accumulators.length; i++) {
            accumulators[i].load(saved.get(i));
        }
        return accumulators;
    }
}
