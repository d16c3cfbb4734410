/**
 * Answers requests for twins, takes patches of reported properties and notifies of desired ones. Contract: iot-hub, 4.5 and 4.6.
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.netty.buffer}, {@code io.muster.document}, {@code io.muster.records}, {@code
 * io.muster.gateway.channel}, {@code io.muster.gateway.fleet}, {@code io.muster.gateway.topic}.
 */
@NullMarked
package io.muster.gateway.channel.twin;

import org.jspecify.annotations.NullMarked;
