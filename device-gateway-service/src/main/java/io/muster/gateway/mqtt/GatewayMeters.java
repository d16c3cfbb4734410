package io.muster.gateway.mqtt;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;

/** Counts connections, and packets that end them. Thread-safe. */
final class GatewayMeters {
    private final MeterRegistry meters;

    GatewayMeters(MeterRegistry meters, Map<?, ?> connections) {
        this.meters = meters;
        meters.gaugeMapSize("muster.gateway.connections", java.util.List.of(), connections);
    }

    void connect(String result) {
        meters.counter("muster.gateway.connects", "result", result).increment();
    }

    void refusedPacket(String reason) {
        meters.counter("muster.gateway.packets.refused", "reason", reason).increment();
    }
}
