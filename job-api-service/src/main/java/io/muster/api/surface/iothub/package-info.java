/**
 * Speaks IoT Hub's service API: its routes and its documents. Contract: iot-hub, sections 1, 2 and 5.
 *
 * <p>May import: {@code java.io}, {@code java.math}, {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.time},
 * {@code java.util}, {@code com.fasterxml.jackson}, {@code io.micronaut}, {@code io.netty}, {@code org.slf4j}, {@code io.muster.access},
 * {@code io.muster.api.access}, {@code io.muster.api.credential}, {@code io.muster.api.http}, {@code io.muster.api.job}, {@code io.muster.api.json},
 * {@code io.muster.api.schedule}, {@code io.muster.api.surface}, {@code io.muster.document}, {@code io.muster.query.device},
 * {@code io.muster.query.kernel}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.surface.iothub;

import org.jspecify.annotations.NullMarked;
