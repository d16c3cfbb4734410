package io.muster.planner.json;

import java.io.Serial;

/** Says that a text is not JSON, and where. */
public final class MalformedJsonException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    MalformedJsonException(String message) {
        super(message);
    }
}
