package io.muster.query;

import io.muster.query.grammar.QueryLexer;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** Operators, with three values: true, false, undefined; in the dialect of streams the third is NULL. Contract: iot-hub, 3.3. */
public final class Operators {
    private Operators() {}

    public static Expression or(Expression... parts) {
        return row -> {
            Object result = Boolean.FALSE;
            for (Expression part : parts) {
                Object value = part.evaluate(row);
                if (value == Boolean.TRUE) {
                    return Boolean.TRUE;
                }
                if (value != Boolean.FALSE) {
                    result = Values.UNDEFINED;
                }
            }
            return result;
        };
    }

    public static Expression and(Expression... parts) {
        return row -> {
            Object result = Boolean.TRUE;
            for (Expression part : parts) {
                Object value = part.evaluate(row);
                if (value == Boolean.FALSE) {
                    return Boolean.FALSE;
                }
                if (value != Boolean.TRUE) {
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

    static Expression equal(Expression left, Expression right) {
        return row -> equality(left.evaluate(row), right.evaluate(row));
    }

    static Expression ordered(Expression left, Expression right, IntPredicate wanted) {
        return row -> {
            Object one = left.evaluate(row);
            Object other = right.evaluate(row);
            if (one instanceof Number a && other instanceof Number b) {
                return wanted.test(compare(a, b));
            }
            if (one instanceof String a && other instanceof String b) {
                return wanted.test(a.compareTo(b));
            }
            if (one instanceof Boolean a && other instanceof Boolean b) {
                return wanted.test(a.compareTo(b));
            }
            return Values.UNDEFINED;
        };
    }

    static Expression in(Expression operand, List<Object> elements) {
        return row -> {
            Object value = operand.evaluate(row);
            if (!isPrimitive(value)) {
                return Values.UNDEFINED;
            }
            for (Object element : elements) {
                if (equality(value, element) == Boolean.TRUE) {
                    return Boolean.TRUE;
                }
            }
            return Boolean.FALSE;
        };
    }

    /** An operator and the operand to its right. */
    record Step(int operator, Expression operand) {
        private Object applyTo(Object left, Row row) {
            return left instanceof Number a && operand.evaluate(row) instanceof Number b
                    ? result(
                            switch (operator) {
                                case QueryLexer.PLUS -> a.doubleValue() + b.doubleValue();
                                case QueryLexer.MINUS -> a.doubleValue() - b.doubleValue();
                                case QueryLexer.STAR -> a.doubleValue() * b.doubleValue();
                                case QueryLexer.SLASH -> a.doubleValue() / b.doubleValue();
                                default -> a.doubleValue() % b.doubleValue();
                            })
                    : Values.UNDEFINED;
        }
    }

    /** Applies the steps from the left, in a loop: the length of a chain must not decide how deep the stack gets. */
    static Expression arithmetic(Expression first, List<Step> steps) {
        return row -> {
            Object result = first.evaluate(row);
            for (Step step : steps) {
                result = step.applyTo(result, row);
            }
            return result;
        };
    }

    static Expression negated(Expression operand) {
        return row ->
                operand.evaluate(row) instanceof Number number ? (Object) (-number.doubleValue()) : Values.UNDEFINED;
    }

    static Expression number(Expression operand) {
        return row -> operand.evaluate(row) instanceof Number number ? number : Values.UNDEFINED;
    }

    /** Returns the number, or undefined where a computation has none (a division by zero, an overflow). */
    static Object result(double value) {
        return Double.isFinite(value) ? (Object) value : Values.UNDEFINED;
    }

    /** True, false, or undefined when either is no primitive. Values of different types differ. */
    static Object equality(Object one, Object other) {
        if (!isPrimitive(one) || !isPrimitive(other)) {
            return Values.UNDEFINED;
        }
        return one instanceof Number a && other instanceof Number b ? compare(a, b) == 0 : one.equals(other);
    }

    static boolean isPrimitive(Object value) {
        return value != Values.UNDEFINED && !(value instanceof Map) && !(value instanceof List);
    }

    public static int compare(Number one, Number other) {
        boolean whole = isLong(one) && isLong(other);
        return whole
                ? Long.compare(one.longValue(), other.longValue())
                : Double.compare(one.doubleValue() + 0.0, other.doubleValue() + 0.0);
    }

    private static boolean isLong(Number number) {
        return number instanceof Integer || number instanceof Long;
    }
}
