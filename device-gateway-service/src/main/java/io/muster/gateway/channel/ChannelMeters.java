package io.muster.gateway.channel;

import io.micrometer.core.instrument.MeterRegistry;

/** Counts what passes through channels. Thread-safe. */
public final class ChannelMeters {
    private final MeterRegistry meters;

    public ChannelMeters(MeterRegistry meters) {
        this.meters = meters;
    }

    /** Counts a publish of a device. */
    public void received(String kind) {
        meters.counter("muster.gateway.received", "kind", kind).increment();
    }

    /** Counts a delivery. @param result {@code written}, or why it was not */
    public void delivery(String kind, String result) {
        meters.counter("muster.gateway.deliveries", "kind", kind, "result", result)
                .increment();
    }

    /** Counts a delivery that was written. */
    public void written(String kind) {
        delivery(kind, "written");
    }
}
