package io.muster.processor.streamjob.topology;

import java.io.Serial;

/** Says why a stream job can't be run. The message is for its author. */
final class StreamJobDefinitionException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    StreamJobDefinitionException(String message) {
        super(message);
    }
}
