/**
 * Decides about jobs of Batch: which of their tasks are given to a pool, and what follows of their ends. Pure: what a job keeps beside its document is asked for over
 * {@link io.muster.planner.batch.BatchTasks}. Contract: batch, 3.2 to 3.4.
 *
 * <p>May import: {@code java.net}, {@code java.time}, {@code java.util}, {@code io.muster.planner.program}, {@code io.muster.records}, {@code io.muster.service.decider}.
 */
@NullMarked
package io.muster.planner.batch;

import org.jspecify.annotations.NullMarked;
