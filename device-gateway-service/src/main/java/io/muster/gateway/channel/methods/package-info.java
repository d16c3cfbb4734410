/**
 * Calls methods of devices and times their answers. Contract: iot-hub, 4.7; ADR 0003 and 0018.
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.netty.buffer}, {@code io.netty.util.concurrent}, {@code io.opentelemetry.api},
 * {@code io.muster.document}, {@code io.muster.records}, {@code io.muster.service}, {@code io.muster.gateway.channel}, {@code io.muster.gateway.fleet}, {@code
 * io.muster.gateway.topic}.
 */
@NullMarked
package io.muster.gateway.channel.methods;

import org.jspecify.annotations.NullMarked;
