package io.muster.api.job;

import io.muster.records.BatchPoolRefusalReason;
import io.muster.records.BatchRefusalReason;
import io.muster.records.CatalogRefusalReason;
import io.muster.records.ScheduleRefusalReason;
import io.muster.records.SiteRefusalReason;
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

    /** Returns whether a command was refused since there is nothing of its id. @param error of a future, within one that wraps it or not */
    public static boolean isMissing(Throwable error) {
        return (error.getCause() == null ? error : error.getCause()) instanceof RefusedException refused
                && switch (refused.refusal()) {
                    case Refusal.OfSite site -> site.reason() == SiteRefusalReason.NOT_FOUND;
                    case Refusal.OfCatalog item -> item.reason() == CatalogRefusalReason.NOT_FOUND;
                    case Refusal.OfSchedule schedule -> schedule.reason() == ScheduleRefusalReason.NOT_FOUND;
                    case Refusal.OfBatch batch ->
                        batch.reason() == BatchRefusalReason.JOB_NOT_FOUND
                                || batch.reason() == BatchRefusalReason.TASK_NOT_FOUND;
                    case Refusal.OfBatchPool pool -> pool.reason() == BatchPoolRefusalReason.POOL_NOT_FOUND;
                    case Refusal.OfJob _, Refusal.OfDevice _, Refusal.OfStreamJob _, Refusal.OfAnswer _ -> false;
                };
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
