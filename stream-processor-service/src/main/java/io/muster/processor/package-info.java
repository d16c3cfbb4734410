/**
 * The stream processor: {@code statistics} folds events into tallies, {@code statistics.stream} runs the fold in Kafka Streams. This
 * package composes.
 */
@NullMarked
package io.muster.processor;

import org.jspecify.annotations.NullMarked;
