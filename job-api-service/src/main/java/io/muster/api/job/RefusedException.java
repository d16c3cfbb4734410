package io.muster.api.job;

import io.muster.records.Refusal;
import java.io.Serial;

/** Tells that the core has refused a command, and why. Each surface has words of its own for it. */
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
