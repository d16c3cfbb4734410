/** The gateway's side of the topics deliveries, device-reports and telemetry. Contract: iot-hub, section 4. */
@NullMarked
package io.muster.gateway.kafka;

import org.jspecify.annotations.NullMarked;
