package io.muster.planner.pool;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Holds the nodes that get nothing new so that a gang finds room on all of them at once. A pool has one at a time, so two gangs never wait for each other's nodes; it ends when the
 * gang is placed, when one of its nodes can't run it any more, or when its time is over. Kept in memory alone. Contract: batch, 3.6.
 *
 * @param taskId of the gang
 * @param nodes the first in the order of their ids that can run it
 * @param until when the nodes are given back
 */
record Reservation(String taskId, List<String> nodes, Instant until) {
    /** Bounds how long nodes are held for a gang. */
    static final Duration LONGEST = Duration.ofSeconds(60);

    /** Passes behind one whose time was over before the next begins, so that others run meanwhile. */
    static final Duration PAUSE = Duration.ofSeconds(60);

    Reservation {
        nodes = List.copyOf(nodes);
    }
}
