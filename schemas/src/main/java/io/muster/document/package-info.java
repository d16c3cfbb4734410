/**
 * Computes what several services must compute alike, and say alike.
 *
 * <p>May import: {@code java.io}, {@code java.nio}, {@code java.nio.charset}, {@code java.time}, {@code java.time.format}, {@code
 * java.time.temporal}, {@code java.util}, {@code java.util.regex}, {@code java.util.stream}, {@code com.fasterxml.jackson}, {@code
 * io.muster.records}.
 */
@NullMarked
package io.muster.document;

import org.jspecify.annotations.NullMarked;
