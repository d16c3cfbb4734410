package io.muster.device.journal;

import java.io.IOException;

/** Signals that the journal holds as many unacknowledged reports as it may: wait until some are acknowledged. */
public final class JournalFullException extends IOException {
    private static final long serialVersionUID = 1;

    JournalFullException(long bytes, long limit) {
        super("The journal is full: wait until the hub has acknowledged some, bytes=" + bytes + " limit=" + limit);
    }
}
