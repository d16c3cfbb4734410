package io.muster.planner.schedule;

import io.muster.records.FiringOrder;
import java.time.Instant;

/**
 * Holds an attempt of an action that is to be carried out, and reported.
 *
 * @param run of the firing
 * @param ofError whether it is the error action's
 * @param attempt 0 for the first
 * @param dueAt when the firing was due
 * @param until behind this it is not carried out any more
 * @param action a call of an endpoint, a message, or the run of a WebJob
 */
public record CallOrder(
        String scheduleId, String run, boolean ofError, int attempt, Instant dueAt, Instant until, Object action) {

    /** Returns what a command carries that carries it out. */
    public FiringOrder reference() {
        return new FiringOrder(scheduleId, run, ofError, attempt, until);
    }
}
