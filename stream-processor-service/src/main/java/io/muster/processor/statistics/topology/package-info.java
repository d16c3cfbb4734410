/**
 * Folds device-job events in two stages: by job within a device partition, then over partitions.
 *
 * <p>May import: {@code java.time}, {@code java.time.temporal}, {@code java.util}, {@code java.util.function}, {@code java.util.stream},
 * {@code io.micrometer}, {@code io.opentelemetry}, {@code org.apache.avro}, {@code org.apache.kafka}, {@code org.slf4j}, {@code
 * io.muster.codec}, {@code io.muster.processor.statistics}, {@code io.muster.records}, {@code io.muster.service}, {@code
 * io.muster.service.coordinator}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.processor.statistics.topology;

import org.jspecify.annotations.NullMarked;
