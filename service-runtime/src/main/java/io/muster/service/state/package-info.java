/**
 * Declares and makes stores of applications: their declarations, and the mending of corrupt entries. A corrupt entry is removed; where a compacted topic has the
 * document, it takes the entry's place.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code java.util.function}, {@code java.util.stream}, {@code org.apache.avro}, {@code
 * org.apache.kafka}, {@code org.slf4j}, {@code io.muster.codec}, {@code io.muster.registry}, {@code io.muster.service}, {@code
 * io.muster.topics}.
 */
@NullMarked
package io.muster.service.state;

import org.jspecify.annotations.NullMarked;
