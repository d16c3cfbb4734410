/**
 * Decides what a compute node does: orders of its pool and ends of its programs go in, effects come out. Pure: time is an
 * argument. The contract between a node and its pool is in {@code docs/nodes.md}.
 *
 * <p>May import: {@code java.time}, {@code java.util}.
 */
@NullMarked
package io.muster.node.work;

import org.jspecify.annotations.NullMarked;
