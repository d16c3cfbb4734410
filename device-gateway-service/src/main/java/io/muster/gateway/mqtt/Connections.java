package io.muster.gateway.mqtt;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.muster.gateway.channel.Channels;
import io.muster.gateway.channel.Handover;
import io.muster.gateway.channel.Outgoing;
import io.muster.records.CloseConnection;
import io.muster.records.Delivery;
import io.muster.service.Traces;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Holds the connections of this gateway, by device id, and passes deliveries of the fleet to them. Thread-safe. */
public final class Connections {
    private static final Duration LONGEST_LATENCY = Duration.ofSeconds(30);

    private final Map<String, DeviceHandler> handlers = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Channels channels;
    private final InstantSource clock;
    private final Timer latency;
    private final GatewayMeters meters;

    public Connections(Channels channels, MeterRegistry registry, InstantSource clock) {
        this.channels = channels;
        this.clock = clock;
        this.meters = new GatewayMeters(registry, handlers);
        this.latency = Timer.builder("muster.gateway.delivery.latency")
                .description("From the fleet's decision to the connection's thread")
                .publishPercentileHistogram()
                .maximumExpectedValue(LONGEST_LATENCY)
                .register(registry);
    }

    GatewayMeters meters() {
        return meters;
    }

    Channels channels() {
        return channels;
    }

    Map<String, DeviceHandler> all() {
        return handlers;
    }

    /** Adds a connection. @return the one whose place it takes */
    @Nullable
    DeviceHandler add(String deviceId, DeviceHandler handler) {
        return handlers.put(deviceId, handler);
    }

    void remove(String deviceId, DeviceHandler handler) {
        handlers.remove(deviceId, handler);
    }

    /** Returns how many deliveries wait for the threads of their connections: the reader brings no more while they are many. */
    public int waiting() {
        return waiting.get();
    }

    /**
     * Hands a delivery to its connection's own thread. One that must not be lost is reported undelivered where there is no such connection.
     *
     * @param writtenAfter an instant of {@link System#nanoTime} at which the log did not have it yet
     * @param trace of the device job that it is part of, if that is followed
     */
    public void deliver(Delivery delivery, long writtenAfter, Optional<Traces.Trace> trace) {
        if (delivery.getDelivery() instanceof CloseConnection close) {
            @Nullable DeviceHandler handler = connection(delivery.getDeviceId(), close.getEpoch());
            if (handler != null) {
                handler.execute(delivered(delivery), () -> handler.closeFor(close.getReason()));
            }
        } else {
            deliver(delivery, channels.handover(delivery.getDelivery()), writtenAfter, trace);
        }
    }

    private <D> void deliver(Delivery delivery, Handover<D> handover, long writtenAfter, Optional<Traces.Trace> trace) {
        D record = handover.kind().cast(delivery.getDelivery());
        Outgoing<D> outgoing = new Outgoing<>(delivery.getDeviceId(), record, delivery.getAt(), writtenAfter, trace);
        @Nullable
        DeviceHandler handler =
                connection(delivery.getDeviceId(), handover.epoch().applyAsLong(record));
        if (handler == null) {
            handover.undeliverable().accept(outgoing);
        } else {
            handler.execute(delivered(delivery), () -> handover.deliver().accept(handler, outgoing));
        }
    }

    private @Nullable DeviceHandler connection(String deviceId, long epoch) {
        @Nullable DeviceHandler handler = handlers.get(deviceId);
        return handler != null && handler.epoch() == epoch ? handler : null;
    }

    /** Counts the delivery as waiting. @return runs when the connection's thread has it */
    private Runnable delivered(Delivery delivery) {
        waiting.incrementAndGet();
        return () -> {
            waiting.decrementAndGet();
            latency.record(Duration.between(delivery.getAt(), clock.instant()));
        };
    }
}
