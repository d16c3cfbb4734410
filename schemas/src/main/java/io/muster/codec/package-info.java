/**
 * Records to bytes and back, in the Confluent wire format: a zero byte, the schema's number in four bytes, the record in Avro's
 * binary encoding. Imports Avro, {@code io.muster.registry}, {@code io.muster.topics} and Kafka's serde interfaces.
 */
@NullMarked
package io.muster.codec;

import org.jspecify.annotations.NullMarked;
