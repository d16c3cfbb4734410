package io.muster.query.kernel;

/** Compares two values by their order. */
public enum Comparison {
    EQUAL,
    NOT_EQUAL,
    LESS,
    AT_MOST,
    GREATER,
    AT_LEAST;

    /** Returns the comparison that dialects like SQL write so. */
    public static Comparison ofSymbol(String symbol) {
        return switch (symbol) {
            case "=" -> EQUAL;
            case "!=", "<>" -> NOT_EQUAL;
            case "<" -> LESS;
            case "<=" -> AT_MOST;
            case ">" -> GREATER;
            case ">=" -> AT_LEAST;
            default -> throw new IllegalArgumentException("no comparison, symbol=" + symbol);
        };
    }

    /** Returns whether it holds for two values. @param order negative where the first is less, 0 where they are equal, as {@link Comparable} has it */
    public boolean holds(int order) {
        return switch (this) {
            case EQUAL -> order == 0;
            case NOT_EQUAL -> order != 0;
            case LESS -> order < 0;
            case AT_MOST -> order <= 0;
            case GREATER -> order > 0;
            case AT_LEAST -> order >= 0;
        };
    }
}
