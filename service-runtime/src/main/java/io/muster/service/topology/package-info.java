/**
 * Writes the topologies of services from declarations.
 *
 * <p>Imports: {@code io.muster.service}, {@code io.muster.service.coordinator}, {@code io.muster.service.state}; {@code io.muster.codec},
 * {@code io.muster.topics}; {@code
 * org.apache.kafka..}.
 */
@NullMarked
package io.muster.service.topology;

import org.jspecify.annotations.NullMarked;
