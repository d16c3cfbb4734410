package io.muster.api.job;

import io.muster.records.Refusal;
import java.io.Serial;

/** Signals that the core refused a command, with the reason. Each surface translates it for its clients. */
public final class RefusedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final transient Refusal refusal;

    private RefusedException(Refusal refusal) {
        super(refusal.getMessage(), null, false, false);
        this.refusal = refusal;
    }

    public Refusal refusal() {
        return refusal;
    }

    /** Returns the outcome of a command. @throws RefusedException where it was refused */
    public static <T> T accepted(Object outcome, Class<T> type) {
        if (outcome instanceof Refusal refusal) {
            throw new RefusedException(refusal);
        }
        return type.cast(outcome);
    }
}
