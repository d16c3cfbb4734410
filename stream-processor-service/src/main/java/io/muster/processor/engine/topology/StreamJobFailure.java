package io.muster.processor.engine.topology;

import java.io.Serial;

/** Says that the job can't go on: its query failed. The message says where and why, for the job's owner. */
public final class StreamJobFailure extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public StreamJobFailure(String message) {
        super(message);
    }

    StreamJobFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
