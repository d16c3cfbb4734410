package io.muster.query.kernel;

import java.util.List;
import java.util.function.Function;
import org.antlr.v4.runtime.ParserRuleContext;

/** Makes expressions of operators, whose conditions have three values: true, false, undefined. */
public final class Operators {
    private Operators() {}

    /** Returns a condition that is true where a part is, and false where all parts are. */
    public static Expression or(Expression... parts) {
        return junction(Boolean.TRUE, Boolean.FALSE, parts);
    }

    /** Returns a condition that is true where all parts are, and false where a part is. */
    public static Expression and(Expression... parts) {
        return junction(Boolean.FALSE, Boolean.TRUE, parts);
    }

    /**
     * Joins conditions by AND or OR: one part with the decisive value decides; else a part that is undefined makes the whole undefined.
     *
     * @param decisive the value of a part that decides
     * @param otherwise the result where all parts have it
     */
    private static Expression junction(Boolean decisive, Boolean otherwise, Expression... parts) {
        return parts.length == 1
                ? parts[0]
                : row -> {
                    Object result = otherwise;
                    for (Expression part : parts) {
                        Object value = part.evaluate(row);
                        if (value == decisive) {
                            return decisive;
                        }
                        if (value != otherwise) {
                            result = Values.UNDEFINED;
                        }
                    }
                    return result;
                };
    }

    public static Expression not(Expression operand) {
        return row -> {
            Object value = operand.evaluate(row);
            return value == Boolean.TRUE ? Boolean.FALSE : value == Boolean.FALSE ? Boolean.TRUE : Values.UNDEFINED;
        };
    }

    public static Expression compared(Comparison comparison, Expression left, Expression right, ValueRules rules) {
        return switch (comparison) {
            case EQUAL -> row -> rules.equal(left.evaluate(row), right.evaluate(row));
            case NOT_EQUAL -> not(compared(Comparison.EQUAL, left, right, rules));
            case LESS, AT_MOST, GREATER, AT_LEAST ->
                row -> rules.ordered(left.evaluate(row), right.evaluate(row), comparison);
        };
    }

    /** Returns a condition that is true where a value equals one of the elements, and undefined where it compares with none. */
    public static Expression in(Expression operand, List<Object> elements, ValueRules rules) {
        return row -> {
            Object value = operand.evaluate(row);
            if (!ValueRules.isPrimitive(value)) {
                return Values.UNDEFINED;
            }
            for (Object element : elements) {
                if (rules.equal(value, element) == Boolean.TRUE) {
                    return Boolean.TRUE;
                }
            }
            return Boolean.FALSE;
        };
    }

    /**
     * Compiles a {@code sum} or a {@code product} of {@code Arithmetic}: operands and operators in turn, which are applied from the left in a
     * loop. So the length of a chain does not decide how deep the stack gets.
     *
     * @param compile compiles an operand
     */
    public static Expression chain(
            ParserRuleContext chain, Function<ParserRuleContext, Expression> compile, ValueRules rules) {
        Expression first = compile.apply((ParserRuleContext) chain.getChild(0));
        int count = chain.getChildCount() / 2;
        if (count == 0) {
            return first;
        }
        Expression[] operands = new Expression[count];
        char[] operators = new char[count];
        for (int i = 0; i < count; i++) {
            operators[i] = chain.getChild(2 * i + 1).getText().charAt(0);
            operands[i] = compile.apply((ParserRuleContext) chain.getChild(2 * i + 2));
        }
        return row -> {
            Object result = first.evaluate(row);
            for (int i = 0; i < count; i++) {
                result = rules.compute(operators[i], result, operands[i].evaluate(row));
            }
            return result;
        };
    }
}
