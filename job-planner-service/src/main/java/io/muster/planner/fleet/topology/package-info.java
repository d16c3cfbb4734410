/**
 * Runs the fleet: one task owns the devices of one partition, their twins, connections and device jobs, and expands jobs over them.
 *
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.opentelemetry.api}, {@code org.apache.avro},
 * {@code org.apache.kafka}, {@code org.slf4j}, {@code io.muster.codec}, {@code io.muster.document}, {@code io.muster.planner.fleet},
 * {@code io.muster.planner.json}, {@code io.muster.planner.request}, {@code io.muster.planner.state}, {@code io.muster.planner.work},
 * {@code io.muster.query.device}, {@code io.muster.query.kernel}, {@code io.muster.records}, {@code io.muster.service},
 * {@code io.muster.service.coordinator}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.planner.fleet.topology;

import org.jspecify.annotations.NullMarked;
