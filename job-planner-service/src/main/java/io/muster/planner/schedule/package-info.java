/**
 * Decides when schedules fire. Pure: the time is an argument. Contract: webjobs-and-schedules, 2.7, 2.9 and 2.10.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code io.muster.planner.batch}, {@code io.muster.records}, {@code io.muster.schedule}, {@code io.muster.service.decider}.
 */
@NullMarked
package io.muster.planner.schedule;

import org.jspecify.annotations.NullMarked;
