package io.muster.api.surface.webjobs;

import java.io.Serial;

/** Signals an upload that is not taken, with the reason for its caller. */
final class UploadException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    UploadException(String message) {
        super(message, null, false, false);
    }
}
