/**
 * The coordinator runtime: an aggregate's pure rules run in a Kafka Streams task, and the pieces of it that other processors use too.
 *
 * <p>Imports: {@code io.muster.service}, {@code io.muster.service.decider}, {@code io.muster.service.state}; {@code io.muster.codec},
 * {@code io.muster.records}, {@code io.muster.topics}; {@code
 * org.apache.kafka..}.
 */
@NullMarked
package io.muster.service.coordinator;

import org.jspecify.annotations.NullMarked;
