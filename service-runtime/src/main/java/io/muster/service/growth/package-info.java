/**
 * A command for operators: gives topics more partitions, and moves state to where its keys are then. No service imports it.
 *
 * <p>Imports: {@code io.muster.service}, {@code io.muster.service.coordinator}, {@code io.muster.service.registry}, {@code io.muster.service.state}; {@code io.muster.codec},
 * {@code io.muster.document}, {@code io.muster.records}, {@code io.muster.registry}, {@code io.muster.topics}; {@code
 * org.apache.kafka..}.
 */
@NullMarked
package io.muster.service.growth;

import org.jspecify.annotations.NullMarked;
