package io.muster.query.kernel;

import java.util.List;
import java.util.Map;

/** Compares values of a dialect, and computes with them. {@link Values#UNDEFINED} is the third value of a comparison, and the result of an operation without one. */
public interface ValueRules {
    /** Compares JSON values without any conversion. */
    ValueRules STRICT = new StrictRules();

    /** Returns {@code TRUE}, {@code FALSE}, or {@link Values#UNDEFINED}. */
    Object equal(Object one, Object other);

    /** Returns whether two values are in an order, or {@link Values#UNDEFINED}. @param comparison neither of the equalities */
    Object ordered(Object one, Object other, Comparison comparison);

    /** Computes with two values. @param operator one of {@code + - * / %} */
    Object compute(char operator, Object left, Object right);

    /** Orders numbers by their values: whole ones exactly, others as doubles, where -0 is 0. */
    static int compare(Number one, Number other) {
        boolean whole = isLong(one) && isLong(other);
        return whole
                ? Long.compare(one.longValue(), other.longValue())
                : Double.compare(one.doubleValue() + 0.0, other.doubleValue() + 0.0);
    }

    private static boolean isLong(Number number) {
        return number instanceof Integer || number instanceof Long;
    }

    /** Computes with doubles; the result may be infinite or no number. */
    static double compute(char operator, double left, double right) {
        return switch (operator) {
            case '+' -> left + right;
            case '-' -> left - right;
            case '*' -> left * right;
            case '/' -> left / right;
            case '%' -> left % right;
            default -> throw new IllegalArgumentException("no operator of numbers, operator=" + operator);
        };
    }

    /** Returns the number, or undefined where a computation has none (a division by zero, an overflow). */
    static Object finite(double value) {
        return Double.isFinite(value) ? (Object) value : Values.UNDEFINED;
    }

    /** Returns whether it is a value that compares: neither undefined, nor an object, nor an array. */
    static boolean isPrimitive(Object value) {
        return value != Values.UNDEFINED && !(value instanceof Map) && !(value instanceof List);
    }
}
