package io.muster.standalone;

import java.io.Serial;

/** Reports in one sentence why Muster can't start or was not found running, and what to do. */
public final class StandaloneException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    public StandaloneException(String sentence) {
        super(sentence);
    }

    public StandaloneException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
