/**
 * Reads and writes the parts that topics of several channels share: request ids and bags of properties. Pure. Contract: iot-hub, section 4.
 *
 * <p>May import: {@code java.net}, {@code java.nio.charset}, {@code java.util}.
 */
@NullMarked
package io.muster.gateway.topic;

import org.jspecify.annotations.NullMarked;
