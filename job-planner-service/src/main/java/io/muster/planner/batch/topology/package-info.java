/**
 * Runs the rules about jobs of Batch on the log.
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.micrometer}, {@code org.apache.avro}, {@code org.apache.kafka},
 * {@code org.slf4j}, {@code io.muster.planner.batch}, {@code io.muster.planner.order}, {@code io.muster.planner.pool},
 * {@code io.muster.planner.pool.topology}, {@code io.muster.records}, {@code io.muster.service},
 * {@code io.muster.service.coordinator}, {@code io.muster.service.decider}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.planner.batch.topology;

import org.jspecify.annotations.NullMarked;
