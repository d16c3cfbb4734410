/**
 * Tells schedules what became of the commands that their firings gave to other aggregates.
 *
 * <p>May import: {@code java.time}, {@code io.muster.records}, {@code io.muster.service}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.planner.order;

import org.jspecify.annotations.NullMarked;
