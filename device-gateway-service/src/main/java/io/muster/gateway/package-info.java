/**
 * Composes the gateway: it terminates MQTT, holds connections and no truth.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.time}, {@code java.util},
 * {@code io.micrometer}, {@code org.slf4j}, {@code io.muster.access}, {@code io.muster.codec}, {@code io.muster.registry},
 * {@code io.muster.service}, {@code io.muster.service.registry}, {@code io.muster.gateway..}.
 */
@NullMarked
package io.muster.gateway;

import org.jspecify.annotations.NullMarked;
