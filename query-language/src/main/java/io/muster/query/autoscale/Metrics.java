package io.muster.query.autoscale;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Holds what formulas read of a pool.
 *
 * @param samples of each variable that has a history, the oldest first
 * @param targets what the variables hold that a formula sets, before it does
 */
public record Metrics(Instant now, Map<String, List<Sample>> samples, Map<String, Double> targets) {
    /** Holds a value at a time. */
    public record Sample(Instant at, double value) {}

    /** Makes one of copies. */
    public Metrics {
        samples = Map.copyOf(samples);
        targets = Map.copyOf(targets);
    }
}
