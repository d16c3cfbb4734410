package io.muster.query.kernel;

/**
 * Holds a function of values.
 *
 * @param least how many arguments it takes at least
 * @param most how many it takes at most; {@link #MANY} for any number
 */
public record ScalarFunction(int least, int most, Body body) {
    public static final int MANY = Integer.MAX_VALUE;

    /** Makes a value of the arguments' values. */
    @FunctionalInterface
    public interface Body {
        Object apply(Object[] arguments);
    }

    /** Returns whether so many arguments are allowed. */
    public boolean takes(int count) {
        return count >= least && count <= most;
    }

    /** Returns how many arguments it takes, in words, such as "2 to 3 arguments". */
    public String arity() {
        return least == 1 && most == 1
                ? "1 argument"
                : (least == most ? Integer.toString(least) : most == MANY ? least + " or more" : least + " to " + most)
                        + " arguments";
    }

    /** Compiles a call. */
    public Expression on(Expression... arguments) {
        return row -> {
            Object[] values = new Object[arguments.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = arguments[i].evaluate(row);
            }
            return body.apply(values);
        };
    }
}
