/**
 * Devices as programs: they speak MQTT as the SDKs of IoT Hub do, and know nothing else of Muster. Imports the JDK, shared-access,
 * Netty and Jackson's streams. Contract: iot-hub, section 4.
 *
 * <p>{@link io.muster.agent.DeviceNetwork} holds what devices of one process share, {@link io.muster.agent.Device} keeps one of them
 * connected, and a {@link io.muster.agent.DeviceProgram} is what that device does. {@link io.muster.agent.SimulatedFleet} is many
 * devices with the same program. All that concerns one device happens on one event loop, so a program needs no locks.
 */
@NullMarked
package io.muster.agent;

import org.jspecify.annotations.NullMarked;
