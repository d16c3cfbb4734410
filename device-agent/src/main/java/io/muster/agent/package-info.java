/**
 * Simulates fleets of devices for load and demonstration, on {@code device-client}: behaviour and counters are its own. Contract: iot-hub, section 4.
 *
 * <p>May import: {@code java.io}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson},
 * {@code io.muster.access}, {@code io.muster.device}.
 */
@NullMarked
package io.muster.agent;

import org.jspecify.annotations.NullMarked;
