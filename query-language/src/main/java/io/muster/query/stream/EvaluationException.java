package io.muster.query.stream;

import java.io.Serial;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reports an expression without a value, for which the job fails by the rules of the dialect: a value can't be cast, or a user's function fails. */
public final class EvaluationException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private static final int SHOWN = 100;

    /** Holds the parts of the message before and behind the expression; null where the message needs no expression. */
    private final String @Nullable [] around;

    public EvaluationException(String message) {
        this(message, null);
    }

    private EvaluationException(String message, String @Nullable [] around) {
        super(message);
        this.around = around;
    }

    /** Makes the failure of an operation that needs another value; {@link #in} says which operation. */
    static EvaluationException ofConversion(Object value, String wanted) {
        String kind = value instanceof Map ? "a record " : value instanceof List ? "an array " : "";
        String message = kind + "'" + shortened(String.valueOf(value)) + "' can't be converted to " + wanted;
        return new EvaluationException(
                message, new String[] {message + " in ", ": write TRY_CAST to have NULL instead"});
    }

    /** Makes the failure of an operation whose value is larger than it may be; {@link #in} says which operation. @param made such as "a text of more than 3 characters" */
    static EvaluationException ofSize(String made) {
        return new EvaluationException("The query makes " + made, new String[] {"", " makes " + made});
    }

    /** Returns the failure with the expression in its message, unless the message needs none or has one. @param expression the innermost that has no value */
    EvaluationException in(String expression) {
        return around == null ? this : new EvaluationException(around[0] + shortened(expression) + around[1]);
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
