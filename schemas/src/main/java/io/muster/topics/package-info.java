/**
 * Declares each topic once, as data, from which topologies, clients, topic creation, the chart and the table in the docs are derived. Only {@link
 * io.muster.topics.TopicProvisioner} touches Kafka.
 *
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code java.util.concurrent}, {@code java.util.function}, {@code java.util.regex}, {@code
 * java.util.stream}, {@code org.apache.avro}, {@code org.apache.kafka}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.topics;

import org.jspecify.annotations.NullMarked;
