/**
 * Runs pools: a task of Kafka Streams holds the pools of one partition, decides about commands, reports and time, keeps tasks and nodes, and writes events,
 * orders to nodes and news for the owners of tasks.
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.micrometer}, {@code org.apache.avro}, {@code org.apache.kafka}, {@code io.muster.codec}, {@code
 * io.muster.document}, {@code io.muster.planner.json}, {@code io.muster.planner.pool}, {@code io.muster.records}, {@code io.muster.service}, {@code io.muster.service.coordinator}, {@code io.muster.service.state},
 * {@code io.muster.topics}.
 */
@NullMarked
package io.muster.planner.pool.topology;

import org.jspecify.annotations.NullMarked;
