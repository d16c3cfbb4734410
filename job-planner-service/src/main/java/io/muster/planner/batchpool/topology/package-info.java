/**
 * Runs the rules about Batch's pools on the log.
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code org.apache.avro}, {@code org.apache.kafka}, {@code org.slf4j}, {@code
 * io.muster.planner.batchpool}, {@code io.muster.records}, {@code io.muster.service}, {@code io.muster.service.coordinator}, {@code
 * io.muster.service.decider}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.planner.batchpool.topology;

import org.jspecify.annotations.NullMarked;
