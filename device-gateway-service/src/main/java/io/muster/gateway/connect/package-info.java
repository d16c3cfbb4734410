/**
 * Decides on a CONNECT, from what the device shows and what the fleet knows of it. Pure. Contract: iot-hub, 1.1 and 4.1.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio.charset}, {@code java.security}, {@code java.time}, {@code java.util}, {@code javax.naming}, {@code javax.security.auth.x500}, {@code io.muster.access},
 * {@code io.muster.document}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.gateway.connect;

import org.jspecify.annotations.NullMarked;
