/**
 * Writes the topologies of services from declarations.
 *
 * <p>May import: {@code java.util}, {@code java.util.function}, {@code java.util.stream}, {@code org.apache.avro}, {@code org.apache.kafka},
 * {@code io.muster.codec}, {@code io.muster.service}, {@code io.muster.service.coordinator}, {@code io.muster.service.state}, {@code
 * io.muster.topics}.
 */
@NullMarked
package io.muster.service.topology;

import org.jspecify.annotations.NullMarked;
