/**
 * Stores of applications: their declarations, and the mending of corrupt entries. A corrupt entry is removed; where a compacted topic has the
 * document, it takes the entry's place.
 *
 * <p>Imports: {@code io.muster.service}; {@code io.muster.codec}, {@code io.muster.registry}, {@code io.muster.topics}; {@code
 * org.apache.kafka..}.
 */
@NullMarked
package io.muster.service.state;

import org.jspecify.annotations.NullMarked;
