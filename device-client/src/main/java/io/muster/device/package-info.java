/**
 * Connects a program to its hub as a device: one {@link io.muster.device.DeviceConnector} a process, one {@link io.muster.device.DeviceClient} a device, and
 * a {@link io.muster.device.DeviceProgram} that says what the device does. Many devices share a few threads; nothing here blocks them. Speaks MQTT
 * 3.1.1 and knows nothing else of Muster. Contract: iot-hub, section 4.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.netty},
 * {@code io.muster.access}, {@code io.muster.device.journal}.
 */
@NullMarked
package io.muster.device;

import org.jspecify.annotations.NullMarked;
