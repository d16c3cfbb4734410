package io.muster.query.device;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.ValueRules;
import io.muster.query.kernel.Values;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compiles {@code GROUP BY} and aggregates. Rows are folded into {@link Totals} by the values of the group's paths; totals of several folds are
 * summed, and become rows. Without {@code GROUP BY} all rows are one group, which is there without a row too. Immutable and thread-safe. Contract:
 * iot-hub, 3.3.
 */
public final class Groups {
    /** Orders keys, always alike: undefined, null, booleans, numbers, texts, and the rest. */
    public static final Comparator<List<Object>> ORDER = (one, other) -> {
        for (int i = 0; i < one.size(); i++) {
            int sign = compare(one.get(i), other.get(i));
            if (sign != 0) {
                return sign;
            }
        }
        return 0;
    };

    enum Function {
        COUNT,
        SUM,
        AVG,
        MIN,
        MAX
    }

    /** Applies an aggregate function to the values of an expression. @param argument its defined values are counted, summed, … */
    record Aggregate(Function function, Expression argument) {}

    /** Makes a member of a group's row: the value of a path of the key, or an aggregate; the other is -1. */
    record Output(String name, int key, int aggregate) {}

    private final List<Path> keys;
    private final List<Aggregate> aggregates;
    private final List<Output> outputs;

    Groups(List<Path> keys, List<Aggregate> aggregates, List<Output> outputs) {
        this.keys = List.copyOf(keys);
        this.aggregates = List.copyOf(aggregates);
        this.outputs = List.copyOf(outputs);
    }

    /** Returns the key of the row's group: a value of each path, where equal numbers are the same. */
    public List<Object> key(Row row) {
        List<Object> key = new ArrayList<>(keys.size());
        for (Path path : keys) {
            key.add(Values.canonical(path.evaluate(row)));
        }
        return key;
    }

    /** Returns the totals of a group before its first row, one for each aggregate. */
    public List<Totals> none() {
        return aggregates.stream().map(_ -> Totals.NONE).toList();
    }

    /** Returns the group's totals with the row. */
    public List<Totals> fold(List<Totals> totals, Row row) {
        List<Totals> next = new ArrayList<>(totals.size());
        for (int i = 0; i < aggregates.size(); i++) {
            next.add(totals.get(i).plus(aggregates.get(i).argument().evaluate(row)));
        }
        return next;
    }

    /** Returns the totals of two folds of the same group. */
    public List<Totals> sum(List<Totals> one, List<Totals> other) {
        List<Totals> sum = new ArrayList<>(one.size());
        for (int i = 0; i < one.size(); i++) {
            sum.add(one.get(i).plus(other.get(i)));
        }
        return sum;
    }

    /** Returns whether all rows are one group, which has a row even where no row matched. */
    public boolean isOne() {
        return keys.isEmpty();
    }

    /** Returns a group's row, in the order of the query's list and without undefined values. */
    public Map<String, Object> row(List<Object> key, List<Totals> totals) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (Output output : outputs) {
            Object value = output.key >= 0
                    ? key.get(output.key)
                    : result(aggregates.get(output.aggregate).function(), totals.get(output.aggregate));
            if (value != Values.UNDEFINED) {
                row.put(output.name, value);
            }
        }
        return row;
    }

    private static Object result(Function function, Totals totals) {
        return switch (function) {
            case COUNT -> totals.count();
            case SUM -> totals.numbers() == 0 ? Values.UNDEFINED : number(totals.sum());
            case AVG -> totals.numbers() == 0 ? Values.UNDEFINED : number(totals.sum() / totals.numbers());
            case MIN -> totals.least();
            case MAX -> totals.greatest();
        };
    }

    private static Object number(double value) {
        Object result = ValueRules.finite(value);
        return result instanceof Number number ? Values.canonical(number) : result;
    }

    static int compare(Object one, Object other) {
        if (one instanceof Number a && other instanceof Number b) {
            return ValueRules.compare(a, b);
        }
        if (one instanceof String a && other instanceof String b) {
            return a.compareTo(b);
        }
        if (one instanceof Boolean a && other instanceof Boolean b) {
            return a.compareTo(b);
        }
        int rank = Integer.compare(rank(one), rank(other));
        return rank != 0 || rank(one) < OBJECT ? rank : one.toString().compareTo(other.toString());
    }

    private static final int OBJECT = 5;

    private static int rank(Object value) {
        return switch (value) {
            case Values.UNDEFINED -> 0;
            case Values.NULL -> 1;
            case Boolean _ -> 2;
            case Number _ -> 3;
            case String _ -> 4;
            default -> OBJECT;
        };
    }
}
