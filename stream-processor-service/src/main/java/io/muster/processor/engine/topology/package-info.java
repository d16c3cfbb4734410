/**
 * Runs the engine in Kafka Streams: makes events of records, keeps state in stores, writes results.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code org.apache.avro},
 * {@code org.apache.kafka}, {@code org.slf4j}, {@code io.muster.codec}, {@code io.muster.processor.engine},
 * {@code io.muster.processor.format}, {@code io.muster.query.kernel}, {@code io.muster.query.stream}, {@code io.muster.records},
 * {@code io.muster.topics}.
 */
@NullMarked
package io.muster.processor.engine.topology;

import org.jspecify.annotations.NullMarked;
