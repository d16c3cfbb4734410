/**
 * Decides what a compute node does: what it hears from its pool, and what becomes of its programs, go in; what it is to do comes out. Pure: time is an
 * argument. The contract between a node and its pool is in {@code docs/nodes.md}.
 *
 * <p>May import: {@code java.time}, {@code java.util}.
 */
@NullMarked
package io.muster.node.work;

import org.jspecify.annotations.NullMarked;
