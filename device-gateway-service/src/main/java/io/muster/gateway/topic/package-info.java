/** Device topics of IoT Hub as types: what a device publishes, what it may subscribe to, and the bags of properties in them. Pure. Contract: iot-hub, section 4. */
@NullMarked
package io.muster.gateway.topic;

import org.jspecify.annotations.NullMarked;
