package io.muster.processor.engine.stream;

import java.io.Serial;

/** The job can't go on: its query failed at a record. The message says where and why. */
public final class StreamJobFailure extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    StreamJobFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
