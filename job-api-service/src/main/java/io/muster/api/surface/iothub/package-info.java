/** IoT Hub: its routes and its documents. Contract: iot-hub, sections 1, 2 and 5. */
@NullMarked
package io.muster.api.surface.iothub;

import org.jspecify.annotations.NullMarked;
