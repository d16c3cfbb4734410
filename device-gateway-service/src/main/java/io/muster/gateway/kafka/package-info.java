/**
 * Connects the gateway to the topics {@code deliveries}, {@code device-reports} and {@code telemetry}. Contract: iot-hub, section 4.
 *
 * <p>May import: {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.micrometer}, {@code org.apache.kafka}, {@code org.slf4j},
 * {@code io.muster.codec}, {@code io.muster.document}, {@code io.muster.records}, {@code io.muster.registry}, {@code io.muster.service},
 * {@code io.muster.service.coordinator}, {@code io.muster.topics}, {@code io.muster.gateway.fleet}, {@code io.muster.gateway.mqtt}.
 */
@NullMarked
package io.muster.gateway.kafka;

import org.jspecify.annotations.NullMarked;
