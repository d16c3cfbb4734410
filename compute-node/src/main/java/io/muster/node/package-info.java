/**
 * Runs tasks on a machine, as a device of a hub: {@link io.muster.node.Main} is the program, and {@link io.muster.node.ComputeNode} connects what hears,
 * decides and does. Knows no Kafka.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson},
 * {@code javax.net.ssl}, {@code org.slf4j}, {@code io.muster.access}, {@code io.muster.device}, {@code io.muster.device.journal},
 * {@code io.muster.node.files}, {@code io.muster.node.output}, {@code io.muster.node.program}, {@code io.muster.node.wire},
 * {@code io.muster.node.work}.
 */
@NullMarked
package io.muster.node;

import org.jspecify.annotations.NullMarked;
