/**
 * Hands messages from the cloud to devices. Contract: iot-hub, 4.4.
 *
 * <p>May import: {@code java.util}, {@code io.netty.buffer}, {@code io.muster.document}, {@code io.muster.records}, {@code io.muster.gateway.channel}, {@code
 * io.muster.gateway.fleet}, {@code io.muster.gateway.topic}.
 */
@NullMarked
package io.muster.gateway.channel.messages;

import org.jspecify.annotations.NullMarked;
