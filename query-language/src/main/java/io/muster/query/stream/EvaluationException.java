package io.muster.query.stream;

import java.io.Serial;
import java.util.Locale;

/** An expression has no value, and the job fails for it, as the dialect has it: a value can't be cast, or a user's function fails. */
public final class EvaluationException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private static final int SHOWN = 100;

    public EvaluationException(String message) {
        super(message);
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
