package io.muster.query.autoscale;

import io.muster.query.autoscale.AutoScaleFormula.Assignment;
import io.muster.query.autoscale.AutoScaleFormula.PoolRow;
import io.muster.query.autoscale.grammar.FormulaParser;
import io.muster.query.autoscale.grammar.FormulaParser.ArgumentsContext;
import io.muster.query.kernel.Comparison;
import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Operators;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.ValueRules;
import io.muster.query.kernel.Values;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;

/** Compiles the tree of a formula. A name that is not known is refused by that name. For one formula. */
final class FormulaCompiler {
    private static final Set<String> SAMPLED = Set.of(
            "$ActiveTasks", "$RunningTasks", "$PendingTasks", "$CurrentDedicatedNodes", "$CurrentLowPriorityNodes");
    private static final Set<String> SET =
            Set.of(AutoScaleFormula.TARGET_DEDICATED, AutoScaleFormula.TARGET_LOW_PRIORITY);

    /** Holds lengths of time in seconds. */
    private static final Map<String, Double> INTERVALS = Map.of(
            "TimeInterval_Zero", 0.0,
            "TimeInterval_Second", 1.0,
            "TimeInterval_Minute", 60.0,
            "TimeInterval_Hour", 3600.0,
            "TimeInterval_Day", 86_400.0,
            "TimeInterval_Week", 604_800.0);

    /** Passes between two samples. */
    private static final double SAMPLE_SECONDS = 30;

    private final Set<String> assigned = new HashSet<>();

    AutoScaleFormula formula(FormulaParser.FormulaContext formula) {
        List<Assignment> assignments = new ArrayList<>();
        for (FormulaParser.StatementContext statement : formula.statement()) {
            Token name = statement.NAME().getSymbol();
            Expression value = choice(statement.choice());
            if (name.getText().startsWith("$") && !SET.contains(name.getText())) {
                throw Parsing.refuse(name, "The variable " + name.getText() + " can't be set");
            }
            assigned.add(name.getText());
            assignments.add(new Assignment(name.getText(), value));
        }
        return new AutoScaleFormula(assignments);
    }

    private Expression choice(FormulaParser.ChoiceContext choice) {
        Expression condition = or(choice.or());
        if (choice.choice().isEmpty()) {
            return condition;
        }
        Expression then = choice(choice.choice(0));
        Expression otherwise = choice(choice.choice(1));
        return row -> {
            Object value = condition.evaluate(row);
            if (value == Values.UNDEFINED) {
                return value;
            }
            return (isTrue(value) ? then : otherwise).evaluate(row);
        };
    }

    private static boolean isTrue(Object value) {
        return value == Boolean.TRUE || value instanceof Number number && number.doubleValue() != 0;
    }

    private Expression or(FormulaParser.OrContext or) {
        return Operators.or(or.and().stream().map(this::and).toArray(Expression[]::new));
    }

    private Expression and(FormulaParser.AndContext and) {
        return Operators.and(and.not().stream().map(this::not).toArray(Expression[]::new));
    }

    private Expression not(FormulaParser.NotContext not) {
        return not.NOT() != null ? Operators.not(not(not.not())) : predicate(not.predicate());
    }

    private Expression predicate(FormulaParser.PredicateContext predicate) {
        Expression left = sum(predicate.sum(0));
        return predicate.op == null
                ? left
                : Operators.compared(comparison(predicate.op), left, sum(predicate.sum(1)), ValueRules.STRICT);
    }

    private static Comparison comparison(Token operator) {
        return switch (operator.getType()) {
            case FormulaParser.EQ -> Comparison.EQUAL;
            case FormulaParser.NE -> Comparison.NOT_EQUAL;
            case FormulaParser.LT -> Comparison.LESS;
            case FormulaParser.LE -> Comparison.AT_MOST;
            case FormulaParser.GT -> Comparison.GREATER;
            default -> Comparison.AT_LEAST;
        };
    }

    private Expression sum(ParserRuleContext sum) {
        return Operators.chain(sum, this::product, ValueRules.STRICT);
    }

    private Expression product(ParserRuleContext product) {
        return Operators.chain(product, each -> unary((FormulaParser.UnaryContext) each), ValueRules.STRICT);
    }

    private Expression unary(FormulaParser.UnaryContext unary) {
        if (unary.primary() != null) {
            return primary(unary.primary());
        }
        Expression operand = unary(unary.unary());
        return unary.MINUS() == null ? operand : row -> ValueRules.STRICT.compute('-', 0.0, operand.evaluate(row));
    }

    private Expression primary(FormulaParser.PrimaryContext primary) {
        return switch (primary) {
            case FormulaParser.NumberContext number -> {
                Double value = Double.valueOf(number.getText());
                yield _ -> value;
            }
            case FormulaParser.GroupedContext grouped -> choice(grouped.choice());
            case FormulaParser.VariableContext variable ->
                variable(variable.NAME().getSymbol());
            case FormulaParser.CallContext call -> call(call.NAME().getSymbol(), arguments(call.arguments()));
            case FormulaParser.SampledContext sampled -> sampled(sampled);
            default -> throw new IllegalStateException("not a part of a formula, class=" + primary.getClass());
        };
    }

    private Expression variable(Token token) {
        String name = token.getText();
        Double interval = INTERVALS.get(name);
        if (interval != null) {
            return _ -> interval;
        }
        if (!SAMPLED.contains(name) && !SET.contains(name) && !assigned.contains(name)) {
            throw Parsing.refuse(token, "The variable " + name + " is not known");
        }
        return row -> row.member(name);
    }

    private List<Expression> arguments(ArgumentsContext arguments) {
        return arguments.choice().stream().map(this::choice).toList();
    }

    private static Expression call(Token name, List<Expression> arguments) {
        return switch (name.getText()) {
            case "min" -> folded(arguments, values -> values.min().orElse(Double.NaN));
            case "max" -> folded(arguments, values -> values.max().orElse(Double.NaN));
            case "avg" -> folded(arguments, values -> values.average().orElse(Double.NaN));
            case "time" -> {
                if (!arguments.isEmpty()) {
                    throw Parsing.refuse(name, "The function time takes no argument here");
                }
                yield row -> ((PoolRow) row).metrics().now().toEpochMilli() / 1000.0;
            }
            default -> throw Parsing.refuse(name, "The function " + name.getText() + " is not known");
        };
    }

    /** Folds all numbers of some arguments, which may be lists of samples. */
    private static Expression folded(List<Expression> arguments, ToDoubleFunction<DoubleStream> fold) {
        return row -> {
            DoubleStream.Builder values = DoubleStream.builder();
            for (Expression argument : arguments) {
                switch (argument.evaluate(row)) {
                    case Number number -> values.add(number.doubleValue());
                    case List<?> list -> list.forEach(each -> values.add(((Number) each).doubleValue()));
                    default -> {
                        return Values.UNDEFINED;
                    }
                }
            }
            return ValueRules.finite(fold.applyAsDouble(values.build()));
        };
    }

    private Expression sampled(FormulaParser.SampledContext sampled) {
        Token variable = sampled.NAME(0).getSymbol();
        Token function = sampled.NAME(1).getSymbol();
        if (!SAMPLED.contains(variable.getText())) {
            throw Parsing.refuse(variable, "The variable " + variable.getText() + " has no samples");
        }
        List<Expression> arguments = arguments(sampled.arguments());
        String name = variable.getText();
        if (arguments.isEmpty() || arguments.size() > 2) {
            throw Parsing.refuse(function, "The function " + function.getText() + " takes one or two arguments");
        }
        boolean isTime = isTime(sampled.arguments());
        return switch (function.getText()) {
            case "GetSample" ->
                row -> {
                    if (!(arguments.getFirst().evaluate(row) instanceof Number amount)) {
                        return Values.UNDEFINED;
                    }
                    List<Object> found =
                            isTime ? since(row, name, amount.doubleValue()) : last(row, name, amount.intValue());
                    return enough(row, arguments, found, isTime, amount.doubleValue());
                };
            case "GetSamplePercent" ->
                row -> arguments.getFirst().evaluate(row) instanceof Number seconds && seconds.doubleValue() > 0
                        ? percent(since(row, name, seconds.doubleValue()).size(), seconds.doubleValue())
                        : Values.UNDEFINED;
            default -> throw Parsing.refuse(function, "The function " + function.getText() + " is not known");
        };
    }

    /** Returns whether the first argument is a length of time: it names one. */
    private static boolean isTime(ArgumentsContext arguments) {
        return arguments.choice(0).getText().contains("TimeInterval_");
    }

    /** Returns samples, or nothing where the second argument asks for a larger part of them than there is. */
    private static Object enough(
            Row row, List<Expression> arguments, List<Object> found, boolean isTime, double amount) {
        if (arguments.size() < 2 || !isTime) {
            return found;
        }
        return arguments.get(1).evaluate(row) instanceof Number least
                        && percent(found.size(), amount) >= least.doubleValue()
                ? found
                : Values.UNDEFINED;
    }

    private static double percent(int found, double seconds) {
        return Math.min(100.0, 100 * found / Math.max(1, Math.floor(seconds / SAMPLE_SECONDS)));
    }

    private static List<Object> since(Row row, String name, double seconds) {
        Metrics metrics = ((PoolRow) row).metrics();
        Instant first = metrics.now().minus(Duration.ofMillis((long) (seconds * 1000)));
        return samples(metrics, name).stream()
                .filter(sample -> !sample.at().isBefore(first))
                .<Object>map(Metrics.Sample::value)
                .toList();
    }

    private static List<Object> last(Row row, String name, int count) {
        List<Metrics.Sample> all = samples(((PoolRow) row).metrics(), name);
        return all.subList(Math.max(0, all.size() - Math.max(0, count)), all.size()).stream()
                .<Object>map(Metrics.Sample::value)
                .toList();
    }

    private static List<Metrics.Sample> samples(Metrics metrics, String name) {
        return metrics.samples().getOrDefault(name, List.of());
    }
}
