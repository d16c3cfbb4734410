/**
 * Runs stream jobs in Kafka: their coordinator, and an application for each start.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.micrometer},
 * {@code org.apache.avro}, {@code org.apache.kafka}, {@code org.slf4j}, {@code io.muster.codec}, {@code io.muster.processor.engine},
 * {@code io.muster.processor.engine.topology}, {@code io.muster.processor.format}, {@code io.muster.processor.function},
 * {@code io.muster.processor.streamjob}, {@code io.muster.query.streamjob}, {@code io.muster.query.kernel}, {@code io.muster.query.stream},
 * {@code io.muster.records}, {@code io.muster.registry}, {@code io.muster.service}, {@code io.muster.service.coordinator},
 * {@code io.muster.service.decider}, {@code io.muster.service.endpoint}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.processor.streamjob.topology;

import org.jspecify.annotations.NullMarked;
