/**
 * Runs coordinators: an aggregate's pure rules run in a Kafka Streams task, and the pieces of it that other processors use too.
 *
 * <p>May import: {@code java.nio.charset}, {@code java.time}, {@code java.util}, {@code java.util.function}, {@code org.apache.avro}, {@code
 * org.apache.kafka}, {@code org.slf4j}, {@code io.muster.codec}, {@code io.muster.records}, {@code io.muster.service}, {@code
 * io.muster.service.decider}, {@code io.muster.service.state}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.service.coordinator;

import org.jspecify.annotations.NullMarked;
