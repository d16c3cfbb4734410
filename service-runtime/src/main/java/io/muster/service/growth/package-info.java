/**
 * Runs a command for operators: gives topics more partitions, and moves state to where its keys are then. No service imports it.
 *
 * <p>May import: {@code java.io}, {@code java.nio.charset}, {@code java.time}, {@code java.util}, {@code java.util.concurrent}, {@code
 * java.util.function}, {@code java.util.stream}, {@code org.apache.avro}, {@code org.apache.kafka}, {@code io.muster.codec}, {@code
 * io.muster.document}, {@code io.muster.records}, {@code io.muster.registry}, {@code io.muster.service}, {@code
 * io.muster.service.coordinator}, {@code io.muster.service.registry}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.service.growth;

import org.jspecify.annotations.NullMarked;
