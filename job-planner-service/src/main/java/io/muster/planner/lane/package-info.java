/**
 * Decides which jobs of a lane run. Contract: iot-central, 1.1.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code io.muster.records}, {@code io.muster.service.decider}.
 */
@NullMarked
package io.muster.planner.lane;

import org.jspecify.annotations.NullMarked;
