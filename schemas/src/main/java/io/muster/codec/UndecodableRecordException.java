package io.muster.codec;

import java.io.Serial;
import org.apache.kafka.common.errors.SerializationException;

/** Signals bytes that are not a record of the expected type. Trying again won't help; the message is fit for a dead letter. */
public final class UndecodableRecordException extends SerializationException {
    @Serial
    private static final long serialVersionUID = 1;

    public UndecodableRecordException(String message) {
        super(message);
    }

    UndecodableRecordException(String message, Throwable cause) {
        super(message, cause);
    }
}
