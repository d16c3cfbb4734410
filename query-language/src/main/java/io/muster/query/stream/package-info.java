/**
 * Defines the dialect of Stream Analytics: a text becomes a plan of selects whose expressions are compiled. The engine decides how the plan runs, and
 * the time in a stream. NULL is {@link io.muster.query.kernel.Values#UNDEFINED}: absent and null are the same in this dialect, so that its conditions
 * use the kernel's logic of three values. Contract: stream-analytics, 4.5.
 *
 *
 * <p>May import: {@code java.io}, {@code java.math}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code org.antlr.v4.runtime},
 * {@code com.google.re2j}, {@code io.muster.query.kernel}, {@code io.muster.query.stream.grammar}.
 */
@NullMarked
package io.muster.query.stream;

import org.jspecify.annotations.NullMarked;
