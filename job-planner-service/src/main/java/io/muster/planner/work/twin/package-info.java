/**
 * Changes twins.
 *
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code io.muster.planner.fleet}, {@code io.muster.planner.request},
 * {@code io.muster.planner.state}, {@code io.muster.planner.work}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.planner.work.twin;

import org.jspecify.annotations.NullMarked;
