package io.muster.query.stream;

import java.io.Serial;
import java.util.Locale;

/** A value could not be cast: the job fails, as the dialect has it. */
public final class CastException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private static final int SHOWN = 100;

    CastException(Object value, StreamValues.Type type, String expression) {
        super(shortened(String.valueOf(value)) + " can't be cast to "
                + type.name().toLowerCase(Locale.ROOT) + " in " + shortened(expression)
                + ": write TRY_CAST to have NULL instead");
    }

    private static String shortened(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }
}
