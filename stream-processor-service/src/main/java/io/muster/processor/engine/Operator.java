package io.muster.processor.engine;

import io.muster.query.kernel.Expression;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamRow;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes rows, and hands rows on to other operators. Rows come to each port in the order of their times; before {@link #advance} all rows earlier than it have come.
 * Rows that it hands on are in order too. For one thread.
 */
abstract class Operator {
    private record Target(Operator operator, int port) {}

    private final List<Target> targets = new ArrayList<>();

    final void to(Operator operator, int port) {
        targets.add(new Target(operator, port));
    }

    /** Hands a row on. @throws RowFailure where the query fails at it, or at a row that is made of it at once */
    final void emit(StreamRow row) {
        try {
            for (Target target : targets) {
                target.operator.row(target.port, row);
            }
        } catch (EvaluationException e) {
            throw new RowFailure(row, e);
        }
    }

    /** Evaluates an expression over a row that nobody has emitted. @throws RowFailure where it has no value */
    static Object evaluate(Expression expression, StreamRow row) {
        try {
            return expression.evaluate(row);
        } catch (EvaluationException e) {
            throw new RowFailure(row, e);
        }
    }

    abstract void row(int port, StreamRow row);

    /** Takes that there will be no row before this time: rows that waited for it can go on. Called once a time, upstream first. */
    void advance(long watermark) {}

    /** Writes what has changed since it was last called. */
    void save(Table table) {}

    /** Takes what was saved before; called on a new one. */
    void load(Table table) {}
}
