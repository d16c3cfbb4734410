package io.muster.query.autoscale;

import io.muster.query.autoscale.grammar.FormulaLexer;
import io.muster.query.autoscale.grammar.FormulaParser;
import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Values;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/** Holds a compiled formula. Immutable and thread-safe. */
public final class AutoScaleFormula {
    /** Names how many dedicated nodes the pool is to have. */
    public static final String TARGET_DEDICATED = "$TargetDedicatedNodes";

    /** Names how many low-priority nodes the pool is to have. */
    public static final String TARGET_LOW_PRIORITY = "$TargetLowPriorityNodes";

    private static final int LONGEST = 16_384;

    private static final Parsing.Dialect<FormulaParser> DIALECT = new Parsing.Dialect<>(
            LONGEST, FormulaLexer::new, FormulaParser::new, (token, _) -> "Unexpected '" + token.getText() + "'");

    private final List<Assignment> assignments;

    /** Sets a variable. */
    record Assignment(String variable, Expression value) {}

    /**
     * Holds what a formula came to.
     *
     * @param variables as they stand behind it, in the order of their first assignment
     * @param fault why it ended before its end; empty where it did not
     */
    public record Result(SequencedMap<String, Double> variables, Optional<String> fault) {
        /** Returns the variables as Batch writes them. */
        public String text() {
            StringBuilder text = new StringBuilder();
            variables.forEach((name, value) -> text.append(text.isEmpty() ? "" : ";")
                    .append(name)
                    .append('=')
                    .append(number(value)));
            return text.toString();
        }

        private static String number(double value) {
            return value == Math.rint(value) && Math.abs(value) < 1e15 ? Long.toString((long) value) : "" + value;
        }
    }

    AutoScaleFormula(List<Assignment> assignments) {
        this.assignments = List.copyOf(assignments);
    }

    /**
     * Parses a formula.
     *
     * @throws QueryException when the text is none, or names what is not known
     */
    public static AutoScaleFormula parse(String text) throws QueryException {
        return Parsing.parse(text, DIALECT, parser -> new FormulaCompiler().formula(parser.formula()));
    }

    /** Evaluates it. A target is a whole number, 0 or more: what is left of a fraction is dropped. */
    public Result evaluate(Metrics metrics) {
        SequencedMap<String, Double> variables = new LinkedHashMap<>();
        Map<String, Object> known = new LinkedHashMap<>(metrics.targets());
        PoolRow row = new PoolRow(metrics, known);
        for (Assignment each : assignments) {
            Object value = each.value().evaluate(row);
            if (!(value instanceof Number || value instanceof Boolean || value instanceof List)) {
                return new Result(variables, Optional.of("The value of " + each.variable() + " is not defined."));
            }
            known.put(each.variable(), value);
            if (each.variable().startsWith("$") && !(value instanceof Number)) {
                return new Result(variables, Optional.of("The value of " + each.variable() + " is not a number."));
            }
            if (value instanceof Number number) {
                variables.put(
                        each.variable(),
                        each.variable().startsWith("$")
                                ? Math.floor(Math.max(0, number.doubleValue()))
                                : number.doubleValue());
            }
        }
        return new Result(variables, Optional.empty());
    }

    /** Gives expressions the variables, and the samples of a pool. */
    record PoolRow(Metrics metrics, Map<String, Object> variables) implements io.muster.query.kernel.Row {
        @Override
        public Object member(String name) {
            Object value = variables.get(name);
            if (value != null) {
                return value;
            }
            List<Metrics.Sample> samples = metrics.samples().getOrDefault(name, List.of());
            return samples.isEmpty()
                    ? Values.UNDEFINED
                    : (Object) samples.getLast().value();
        }
    }
}
