/**
 * Hands the orders of pools to compute nodes, and writes the nodes' reports and the output of their programs. Protocol: docs/nodes.md.
 *
 * <p>May import: {@code java.io}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson}, {@code io.netty.buffer}, {@code
 * io.muster.document}, {@code io.muster.records}, {@code io.muster.gateway.channel}, {@code io.muster.gateway.fleet}, {@code io.muster.gateway.topic}.
 */
@NullMarked
package io.muster.gateway.channel.tasks;

import org.jspecify.annotations.NullMarked;
