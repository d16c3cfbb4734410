package io.muster.service;

/** Signals that an application can't go on with the state that it has, however often it is started. The message says what to do. */
public final class UnusableStateException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    public UnusableStateException(String message) {
        super(message);
    }
}
