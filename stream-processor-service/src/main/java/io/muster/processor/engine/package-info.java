/**
 * Runs a standing query: the time of its inputs, the order of their events, and operators that hold windows, joins and rows before. All
 * results follow from the records and their order in the log; how they are read and written, and when state is kept, is decided elsewhere.
 * Contract: stream-analytics, 4.3 to 4.6.
 *
 * <p>May import: {@code java.util}, {@code java.util.function}, {@code java.util.stream}, {@code io.muster.query.kernel}, {@code
 * io.muster.query.stream}.
 */
@NullMarked
package io.muster.processor.engine;

import org.jspecify.annotations.NullMarked;
