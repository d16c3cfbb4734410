/**
 * Runs schedules on the coordinator runtime: commands and time in; events, documents, replies and the commands that firings are out.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code io.micrometer}, {@code org.apache.avro.specific}, {@code io.muster.planner.batch}, {@code io.muster.planner.schedule}, {@code io.muster.records}, {@code io.muster.service}, {@code
 * io.muster.service.coordinator}, {@code io.muster.service.decider}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.planner.schedule.topology;

import org.jspecify.annotations.NullMarked;
