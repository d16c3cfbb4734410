/**
 * Runs the rules about jobs on the log.
 *
 * <p>May import: {@code java.nio.charset}, {@code java.time}, {@code java.util}, {@code io.micrometer}, {@code org.apache.avro}, {@code org.apache.kafka},
 * {@code org.slf4j}, {@code io.muster.codec}, {@code io.muster.planner.catalog.topology}, {@code io.muster.planner.job}, {@code io.muster.planner.order}, {@code io.muster.records}, {@code io.muster.service},
 * {@code io.muster.service.coordinator}, {@code io.muster.service.decider}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.planner.job.topology;

import org.jspecify.annotations.NullMarked;
