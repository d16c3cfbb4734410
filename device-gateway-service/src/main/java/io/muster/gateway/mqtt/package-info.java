/**
 * Terminates MQTT 3.1.1 with Netty: one handler a connection keeps the session, channels do the rest. Contract: iot-hub, section 4.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.time}, {@code java.util},
 * {@code javax.net.ssl}, {@code javax.security.auth.x500}, {@code io.micrometer}, {@code io.netty}, {@code org.slf4j},
 * {@code io.muster.access}, {@code io.muster.document}, {@code io.muster.records}, {@code io.muster.service},
 * {@code io.muster.gateway.channel}, {@code io.muster.gateway.connect}, {@code io.muster.gateway.fleet}.
 */
@NullMarked
package io.muster.gateway.mqtt;

import org.jspecify.annotations.NullMarked;
