/**
 * Speaks Azure Scheduler's resource manager API: collections, jobs, runs and histories. Contract: webjobs-and-schedules, 2.9.
 *
 * <p>May import: {@code java.net}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson.databind},
 * {@code io.micronaut}, {@code io.muster.access}, {@code io.muster.api.access}, {@code io.muster.api.arm}, {@code io.muster.api.http},
 * {@code io.muster.api.job}, {@code io.muster.api.json}, {@code io.muster.api.schedule}, {@code io.muster.api.surface},
 * {@code io.muster.records}, {@code io.muster.schedule}, {@code io.muster.service.endpoint}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.api.surface.scheduler;

import org.jspecify.annotations.NullMarked;
