/**
 * Encodes records to bytes and back, in the Confluent wire format: a zero byte, the schema's number in four bytes, the record in Avro's binary
 * encoding.
 *
 *
 * <p>May import: {@code java.io}, {@code java.nio}, {@code java.util}, {@code java.util.concurrent}, {@code java.util.function}, {@code
 * org.apache.avro}, {@code org.apache.kafka}, {@code io.muster.registry}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.codec;

import org.jspecify.annotations.NullMarked;
