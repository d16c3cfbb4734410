/**
 * Simulates fleets of devices for load and demonstration, on {@code device-client}: behaviour and counters are its own. Contract: iot-hub, section 4.
 *
 * <p>May import: {@code java}, {@code com.fasterxml.jackson}, {@code io.muster.access}, {@code io.muster.device}.
 */
@NullMarked
package io.muster.agent;

import org.jspecify.annotations.NullMarked;
