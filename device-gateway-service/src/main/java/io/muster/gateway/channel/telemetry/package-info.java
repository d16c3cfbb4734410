/**
 * Takes telemetry, and the wills of devices. Contract: iot-hub, 4.2 and 4.3.
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.netty.buffer}, {@code io.muster.document}, {@code io.muster.records}, {@code
 * io.muster.gateway.channel}, {@code io.muster.gateway.fleet}, {@code io.muster.gateway.topic}.
 */
@NullMarked
package io.muster.gateway.channel.telemetry;

import org.jspecify.annotations.NullMarked;
