package io.muster.planner.fleet.stream;

import java.time.Instant;

/**
 * A piece of work over many devices of a partition, done in steps between polls. Where it stands is kept in stores, so that it goes on
 * after a restart, or it is repeated by who asked for it.
 */
interface Chore {
    /**
     * Goes on until the budget is spent or nothing is left to do.
     *
     * @return whether nothing is left to do
     */
    boolean goOn(Budget budget, Instant now);

    /** Says so to who waits for it: a step failed, as it would each time, and there will be no other. */
    default void failed(Instant now) {}
}
