/**
 * Holds rules about jobs: their states, and when they change. Pure. Time comes in as an argument.
 *
 *
 * <p>May import: {@code java.math}, {@code java.time}, {@code java.util}, {@code io.muster.planner.request}, {@code io.muster.planner.work},
 * {@code io.muster.query.device}, {@code io.muster.query.kernel}, {@code io.muster.records}, {@code io.muster.service.decider}.
 */
@NullMarked
package io.muster.planner.job;

import org.jspecify.annotations.NullMarked;
