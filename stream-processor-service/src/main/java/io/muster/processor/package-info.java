/**
 * Composes the stream processor: {@code statistics} folds events into tallies, {@code statistics.topology} runs the fold in Kafka Streams. This package
 * composes.
 *
 *
 * <p>May import: {@code java.util}, {@code io.micrometer}, {@code org.apache.kafka}, {@code io.muster.codec},
 * {@code io.muster.processor.schedule}, {@code io.muster.processor.statistics.topology}, {@code io.muster.processor.streamjob.topology},
 * {@code io.muster.registry}, {@code io.muster.service}, {@code io.muster.service.coordinator}, {@code io.muster.service.registry},
 * {@code io.muster.service.state}, {@code io.muster.service.topology}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.processor;

import org.jspecify.annotations.NullMarked;
