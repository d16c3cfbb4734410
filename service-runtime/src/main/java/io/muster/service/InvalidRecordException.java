package io.muster.service;

import java.io.Serial;

/** Signals a record that can be read and makes no sense; the message is fit for a dead letter. */
public final class InvalidRecordException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    public InvalidRecordException(String message) {
        super(message);
    }
}
