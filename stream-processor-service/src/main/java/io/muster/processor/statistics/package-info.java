/**
 * Counts device jobs by state, from their events. Pure.
 *
 * <p>May import: {@code java.util}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.processor.statistics;

import org.jspecify.annotations.NullMarked;
