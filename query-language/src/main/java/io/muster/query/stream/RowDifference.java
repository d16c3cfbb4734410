package io.muster.query.stream;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.ScalarFunction;
import io.muster.query.stream.grammar.StreamQueryParser.CallContext;
import io.muster.query.stream.grammar.StreamQueryParser.OrContext;
import java.util.Optional;
import java.util.OptionalInt;
import org.antlr.v4.runtime.ParserRuleContext;

/**
 * Computes a DATEDIFF of two rows that are named by their aliases.
 *
 * @param from the part of the scope whose row comes first in it
 * @param to the part whose row comes second
 */
record RowDifference(DateTimes.Unit unit, int from, int to) {
    /** Returns the one that the expression is; empty where it is something else. */
    static Optional<RowDifference> of(ParserRuleContext expression, StreamScope scope) {
        Optional<CallContext> call = Syntax.call(expression)
                .filter(found -> found.function().getText().equalsIgnoreCase("DATEDIFF")
                        && found.or().size() == 3);
        if (call.isEmpty()) {
            return Optional.empty();
        }
        OptionalInt from = alias(call.get().or(1), scope);
        OptionalInt to = alias(call.get().or(2), scope);
        return from.isPresent() && to.isPresent()
                ? Optional.of(new RowDifference(Groups.unit(call.get().or(0)), from.getAsInt(), to.getAsInt()))
                : Optional.empty();
    }

    private static OptionalInt alias(OrContext expression, StreamScope scope) {
        return Syntax.path(expression)
                .filter(path -> path.name().size() == 1)
                .map(path -> scope.part(StreamScope.name(path.name(0))))
                .orElse(OptionalInt.empty());
    }

    /** Compiles it, of the times of the rows. */
    Expression on(ScalarFunction function, StreamScope scope, CallContext call) {
        if (scope.isReference(from) || scope.isReference(to)) {
            throw Parsing.refuse(
                    call.getStart(),
                    "Reference data have no time: an event meets those that are valid then; leave DATEDIFF out,"
                            + " or give it a column of them");
        }
        return function.on(timeOf(from), timeOf(to));
    }

    private static Expression timeOf(int part) {
        return row -> {
            StreamRow of = ((StreamRow) row).part(part);
            return of.isAbsent() ? StreamValues.NULL : Ticks.instant(of.time());
        };
    }
}
