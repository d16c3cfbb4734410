/**
 * Defines a channel: one capability of a connection, with the topics that it reads, the filters that devices subscribe to for it and the
 * deliveries that it hands over. The MQTT session knows this package alone; each channel has a package of its own below, and {@code
 * GatewayChannels} lists them. Contract: iot-hub, section 4.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code io.micrometer}, {@code io.netty.buffer}, {@code io.netty.util.concurrent},
 * {@code io.muster.document}, {@code io.muster.records}, {@code io.muster.service}.
 */
@NullMarked
package io.muster.gateway.channel;

import org.jspecify.annotations.NullMarked;
