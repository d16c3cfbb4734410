/**
 * Decides about sites: their WebJobs, when these run, and what became of it. Pure: the time is an argument. Contract: webjobs-and-schedules, 2.
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.muster.document}, {@code io.muster.planner.json}, {@code io.muster.planner.program}, {@code io.muster.records}, {@code io.muster.schedule},
 * {@code io.muster.service.decider}.
 */
@NullMarked
package io.muster.planner.site;

import org.jspecify.annotations.NullMarked;
