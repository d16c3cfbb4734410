package io.muster.gateway.mqtt;

import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is sent as telemetry when the connection ends without a DISCONNECT. Contract: iot-hub, 4.2. */
record Will(ByteBuffer body, Map<String, @Nullable String> properties) {}
