package io.muster.processor.engine.topology;

import io.muster.processor.engine.Event;
import io.muster.processor.engine.StreamTask.Upstream;
import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Values;
import io.muster.query.stream.StreamQuery;
import io.muster.query.stream.StreamValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Assigns events to the tasks that share a query: events that could meet go to one task, reference data to all. Every process assigns alike.
 * Immutable, thread-safe.
 */
final class TaskAssignment {
    /** Stands for all tasks. */
    static final int ALL = -1;

    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private final int tasks;

    /** Holds the partition keys of each input; null where all tasks have its events. */
    private final List<List<Expression>> keys = new ArrayList<>();

    /**
     * Assigns the events of a query that may be shared.
     *
     * @param inputs their names; {@link Upstream} counts them
     */
    TaskAssignment(StreamQuery query, List<String> inputs, int tasks) {
        this.tasks = tasks;
        Map<String, List<Expression>> partitionKeys = query.partitionKeys().orElse(Map.of());
        if (tasks > 1 && query.partitionKeys().isEmpty()) {
            throw new IllegalArgumentException("rows of the query may all meet, tasks=" + tasks);
        }
        inputs.forEach(input -> keys.add(partitionKeys.get(input)));
    }

    /** Returns a task, or {@link #ALL}. */
    int of(Upstream upstream, Event event) {
        if (tasks == 1) {
            return 0;
        }
        List<Expression> by = keys.get(upstream.input());
        if (by == null) {
            return ALL;
        }
        long hash = 1;
        for (Expression key : by) {
            hash = 31 * hash + hash(StreamValues.key(key.evaluate(event)));
        }
        return by.isEmpty() ? upstream.partition() % tasks : (int) ((hash * SPREAD >>> 33) % tasks);
    }

    /** Returns the values' own hash where every process computes the same. */
    private static int hash(Object value) {
        return switch (value) {
            case Values _ -> 0;
            case Map<?, ?> record ->
                record.entrySet().stream()
                        .mapToInt(member -> member.getKey().hashCode() ^ hash(member.getValue()))
                        .sum();
            case List<?> array -> array.stream().map(TaskAssignment::hash).reduce(1, (sum, next) -> 31 * sum + next);
            default -> value.hashCode();
        };
    }
}
