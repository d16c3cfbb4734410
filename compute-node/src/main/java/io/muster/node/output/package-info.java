/**
 * Sends what programs write: in chunks, in order, again until the hub has acknowledged it, and slowly where the hub is slow. A program that writes without
 * end is slowed by its pipe, and memory stays flat.
 *
 * <p>May import: {@code java.io}, {@code java.nio}, {@code java.time}, {@code java.util}.
 */
@NullMarked
package io.muster.node.output;

import org.jspecify.annotations.NullMarked;
