package io.muster.processor.engine.stream;

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
 * Decides which of the tasks that share a query has an event: events that could meet have the same task. Reference data all have. The same in every process.
 * Immutable, thread-safe.
 */
final class Shares {
    /** All tasks. */
    static final int ALL = -1;

    private static final long SPREAD = 0x9E3779B97F4A7C15L;

    private final int tasks;

    /** Holds what decides, by input; null where all tasks have the event. */
    private final List<List<Expression>> keys = new ArrayList<>();

    /**
     * Makes the shares of a query that may be shared.
     *
     * @param inputs their names; {@link Upstream} counts them
     */
    Shares(StreamQuery query, List<String> inputs, int tasks) {
        this.tasks = tasks;
        Map<String, List<Expression>> apart = query.partitionKeys().orElse(Map.of());
        if (tasks > 1 && query.partitionKeys().isEmpty()) {
            throw new IllegalArgumentException("rows of the query may all meet, tasks=" + tasks);
        }
        inputs.forEach(input -> keys.add(apart.get(input)));
    }

    /** @return a task, or {@link #ALL} */
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

    /** Hashes values by their own hash, where that is the same everywhere. */
    private static int hash(Object value) {
        return switch (value) {
            case Values _ -> 0;
            case Map<?, ?> record ->
                record.entrySet().stream()
                        .mapToInt(member -> member.getKey().hashCode() ^ hash(member.getValue()))
                        .sum();
            case List<?> array -> array.stream().map(Shares::hash).reduce(1, (sum, next) -> 31 * sum + next);
            default -> value.hashCode();
        };
    }
}
