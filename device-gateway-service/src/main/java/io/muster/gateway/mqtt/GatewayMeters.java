package io.muster.gateway.mqtt;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;

/** What the gateway counts. */
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

    void delivery(String kind, String result) {
        meters.counter("muster.gateway.deliveries", "kind", kind, "result", result)
                .increment();
    }

    void received(String kind) {
        meters.counter("muster.gateway.received", "kind", kind).increment();
    }
}
