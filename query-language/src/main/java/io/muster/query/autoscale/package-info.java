/**
 * Defines the dialect of formulas that say how many nodes a pool of Batch is to have: assignments, arithmetic, comparisons, and functions over samples of
 * the pool's counts. The planner applies it, and the API evaluates a formula on request. Contract: batch, 3.5.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code org.antlr.v4.runtime}, {@code io.muster.query.kernel}, {@code io.muster.query.autoscale.grammar}.
 */
@NullMarked
package io.muster.query.autoscale;

import org.jspecify.annotations.NullMarked;
