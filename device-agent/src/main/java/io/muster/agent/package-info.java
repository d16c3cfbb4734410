/** Devices as programs: they speak MQTT as the SDKs of IoT Hub do, and know nothing else of Muster. Contract: iot-hub, section 4. */
@NullMarked
package io.muster.agent;

import org.jspecify.annotations.NullMarked;
