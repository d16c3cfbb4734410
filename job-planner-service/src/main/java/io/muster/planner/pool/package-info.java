/**
 * Decides what runs on the nodes of a pool: queue, placement, attempts, retries, nodes that are lost. Pure: one pool is the state, its inputs
 * are reports, commands and due times, and what follows is events and orders to nodes. Contract: webjobs-and-schedules, 2; batch, 3.2 to 3.6; ARCHITECTURE, "Compute". Decided
 * in ADR 0036.
 *
 * <p>May import: {@code java.time}, {@code java.util}.
 */
@NullMarked
package io.muster.planner.pool;

import org.jspecify.annotations.NullMarked;
