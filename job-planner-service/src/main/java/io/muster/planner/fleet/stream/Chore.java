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
}
