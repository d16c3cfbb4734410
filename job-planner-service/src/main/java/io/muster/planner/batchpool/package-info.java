/**
 * Decides about Batch's pools: how many nodes they are to have, and since when they ask for them. Nodes and tasks are decided about in {@code pool}. Pure: the time
 * is an argument. Contract: batch, 3.1, 3.4 and 3.5.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code io.muster.document}, {@code io.muster.planner.batch}, {@code io.muster.planner.json}, {@code io.muster.query.autoscale}, {@code
 * io.muster.query.kernel}, {@code io.muster.records}, {@code io.muster.service.decider}.
 */
@NullMarked
package io.muster.planner.batchpool;

import org.jspecify.annotations.NullMarked;
