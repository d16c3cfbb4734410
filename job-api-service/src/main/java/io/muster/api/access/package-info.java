/**
 * Decides about callers: which token proves whom, and which right a request needs. It knows no HTTP and no Kafka. Contract: iot-hub, 1.1.
 *
 * <p>May import: {@code java.nio}, {@code java.text}, {@code java.time}, {@code java.util}, {@code com.nimbusds}, {@code io.muster.access},
 * {@code io.muster.api.json}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.access;

import org.jspecify.annotations.NullMarked;
