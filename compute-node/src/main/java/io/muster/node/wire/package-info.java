/**
 * Reads and writes the JSON of orders, reports, and entries of the journal. Contract: {@code docs/nodes.md}.
 *
 * <p>May import: {@code com.fasterxml.jackson}, {@code java.io}, {@code java.nio.charset}, {@code java.time}, {@code java.util}, {@code
 * io.muster.node.work}.
 */
@NullMarked
package io.muster.node.wire;

import org.jspecify.annotations.NullMarked;
