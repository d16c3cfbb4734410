/** Sockets: MQTT 3.1.1 with Netty, one handler a connection. Contract: iot-hub, section 4. */
@NullMarked
package io.muster.gateway.mqtt;

import org.jspecify.annotations.NullMarked;
