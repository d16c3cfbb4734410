package io.muster.api.job;

import java.io.Serial;
import java.util.Optional;

/** Signals that the core refused a command, with the reason. Each surface translates it for its clients. */
public final class RefusedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final transient Refusal refusal;

    private RefusedException(Refusal refusal) {
        super(refusal.sentence(), null, false, false);
        this.refusal = refusal;
    }

    public Refusal refusal() {
        return refusal;
    }

    /** Returns the outcome of a command. @throws RefusedException where it was refused */
    public static <T> T accepted(Object outcome, Class<T> type) {
        Optional<Refusal> refusal = Refusal.of(outcome);
        if (refusal.isPresent()) {
            throw new RefusedException(refusal.get());
        }
        return type.cast(outcome);
    }
}
