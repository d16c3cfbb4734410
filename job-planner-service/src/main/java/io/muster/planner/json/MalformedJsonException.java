package io.muster.planner.json;

import java.io.Serial;

/** A text that is not the JSON it should be; the message says where. */
public final class MalformedJsonException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    MalformedJsonException(String message) {
        super(message);
    }
}
