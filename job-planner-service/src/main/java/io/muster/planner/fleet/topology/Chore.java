package io.muster.planner.fleet.topology;

import java.time.Instant;

/**
 * Works over many devices of a partition, a budget at a time, between polls. Its position is kept in stores, so that it goes on
 * after a restart; or its requester asks again.
 */
interface Chore {
    /**
     * Goes on until the budget is spent or nothing is left to do.
     *
     * @return whether nothing is left to do
     */
    boolean goOn(Budget budget, Instant now);

    /** Notifies its requester that it failed, as it would each time, and will not go on. */
    default void failed(Instant now) {}
}
