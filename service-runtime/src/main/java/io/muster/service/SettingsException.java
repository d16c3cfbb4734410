package io.muster.service;

import java.io.Serial;

/** Signals that a setting is missing or wrong. The message is one sentence that says which and what it takes. */
public final class SettingsException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public SettingsException(String message) {
        super(message);
    }
}
