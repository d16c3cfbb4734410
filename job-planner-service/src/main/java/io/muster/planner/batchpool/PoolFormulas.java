package io.muster.planner.batchpool;

import io.muster.planner.batchpool.BatchPoolDecider.Formulas;
import io.muster.query.autoscale.AutoScaleFormula;
import io.muster.query.autoscale.Metrics;
import io.muster.query.kernel.QueryException;
import io.muster.records.AutoScaleError;
import io.muster.records.AutoScaleRun;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.PoolSample;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** Evaluates formulas over what is known of a pool. */
public final class PoolFormulas implements Formulas {
    private static final double MOST_NODES = 10_000;

    @Override
    public Optional<String> fault(String formula) {
        try {
            AutoScaleFormula.parse(formula);
            return Optional.empty();
        } catch (QueryException e) {
            return Optional.of(sentence(e));
        }
    }

    private static String sentence(QueryException e) {
        return "The formula can't be read at line " + e.line() + ", column " + e.column() + ": " + e.sentence() + ".";
    }

    @Override
    public Outcome evaluate(String formula, BatchPool pool, Instant now) {
        try {
            AutoScaleFormula.Result result = AutoScaleFormula.parse(formula).evaluate(metrics(pool, now));
            Optional<AutoScaleError> error = result.fault()
                    .map(fault -> new AutoScaleError("AutoScalingFormulaEvaluationError", fault, List.of()));
            AutoScaleRun run = new AutoScaleRun(now, formula, result.text(), error.orElse(null));
            return new Outcome(
                    run,
                    target(result, error.isPresent(), AutoScaleFormula.TARGET_DEDICATED),
                    target(result, error.isPresent(), AutoScaleFormula.TARGET_LOW_PRIORITY));
        } catch (QueryException e) {
            AutoScaleError error = new AutoScaleError("AutoScalingFormulaSyntaxError", sentence(e), List.of());
            return new Outcome(new AutoScaleRun(now, formula, "", error), Optional.empty(), Optional.empty());
        }
    }

    private static Optional<Integer> target(AutoScaleFormula.Result result, boolean failed, String name) {
        return failed
                ? Optional.empty()
                : Optional.ofNullable(result.variables().get(name)).map(value -> (int) Math.min(value, MOST_NODES));
    }

    private static Metrics metrics(BatchPool pool, Instant now) {
        BatchPoolDefinition definition = pool.getDefinition();
        return new Metrics(
                now,
                Map.of(
                        "$ActiveTasks", samples(pool, PoolSample::getActiveTasks),
                        "$RunningTasks", samples(pool, PoolSample::getRunningTasks),
                        "$PendingTasks", samples(pool, sample -> sample.getActiveTasks() + sample.getRunningTasks()),
                        "$CurrentDedicatedNodes", current(now, BatchPools.dedicated(pool)),
                        "$CurrentLowPriorityNodes", current(now, BatchPools.lowPriority(pool))),
                Map.of(
                        AutoScaleFormula.TARGET_DEDICATED, (double) definition.getTargetDedicated(),
                        AutoScaleFormula.TARGET_LOW_PRIORITY, (double) definition.getTargetLowPriority()));
    }

    private static List<Metrics.Sample> samples(BatchPool pool, ToDoubleFunction<PoolSample> value) {
        return pool.getSamples().stream()
                .map(sample -> new Metrics.Sample(sample.getAt(), value.applyAsDouble(sample)))
                .toList();
    }

    private static List<Metrics.Sample> current(Instant now, int nodes) {
        return List.of(new Metrics.Sample(now, nodes));
    }
}
