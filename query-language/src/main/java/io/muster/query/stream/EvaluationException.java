package io.muster.query.stream;

import java.io.Serial;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An expression has no value, and the job fails for it, as the dialect has it: a value can't be cast, or a user's function fails. */
public final class EvaluationException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private static final int SHOWN = 100;

    /** Whether the message says in which expression. */
    private final boolean placed;

    public EvaluationException(String message) {
        this(message, true);
    }

    private EvaluationException(String message, boolean placed) {
        super(message);
        this.placed = placed;
    }

    /** A value is not what an operation needs; {@link #in} says where. */
    static EvaluationException ofConversion(Object value, String wanted) {
        String kind = value instanceof Map ? "a record " : value instanceof List ? "an array " : "";
        return new EvaluationException(
                kind + "'" + shortened(String.valueOf(value)) + "' can't be converted to " + wanted, false);
    }

    /** @param expression the innermost that has no value */
    EvaluationException in(String expression) {
        return placed
                ? this
                : new EvaluationException(
                        getMessage() + " in " + shortened(expression) + ": write TRY_CAST to have NULL instead");
    }

    static EvaluationException ofCast(Object value, StreamValues.Type type, String expression) {
        return new EvaluationException(shortened(String.valueOf(value)) + " can't be cast to "
                + type.name().toLowerCase(Locale.ROOT) + " in " + shortened(expression)
                + ": write TRY_CAST to have NULL instead");
    }

    private static String shortened(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }
}
