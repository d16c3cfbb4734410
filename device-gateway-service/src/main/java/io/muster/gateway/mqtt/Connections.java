package io.muster.gateway.mqtt;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.muster.records.CloseConnection;
import io.muster.records.ConnectionTerms;
import io.muster.records.Delivery;
import io.muster.records.DesiredChanged;
import io.muster.records.MessageRequest;
import io.muster.records.MethodRequest;
import io.muster.records.MethodUndelivered;
import io.muster.records.ReportedAnswer;
import io.muster.records.TwinAnswer;
import io.muster.service.Traces;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The connections of this gateway, by device id, and what the fleet sends over them. Thread-safe. */
public final class Connections {
    private static final Duration LONGEST_LATENCY = Duration.ofSeconds(30);
    private static final Executor LATER = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS);

    private final Map<String, DeviceHandler> handlers = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Fleet fleet;
    private final InstantSource clock;
    private final Timer latency;
    private final GatewayMeters counters;
    private final Calls calls;

    public Connections(Fleet fleet, MeterRegistry meters, InstantSource clock) {
        this.fleet = fleet;
        this.clock = clock;
        this.counters = new GatewayMeters(meters, handlers);
        this.calls = new Calls(fleet, counters, clock);
        this.latency = Timer.builder("muster.gateway.delivery.latency")
                .description("From the fleet's decision to the connection's thread")
                .publishPercentileHistogram()
                .maximumExpectedValue(LONGEST_LATENCY)
                .register(meters);
    }

    GatewayMeters meters() {
        return counters;
    }

    Calls calls() {
        return calls;
    }

    Map<String, DeviceHandler> all() {
        return handlers;
    }

    /** @return the connection whose place it takes */
    @Nullable
    DeviceHandler add(String deviceId, DeviceHandler handler) {
        return handlers.put(deviceId, handler);
    }

    void remove(String deviceId, DeviceHandler handler) {
        handlers.remove(deviceId, handler);
    }

    /** How many deliveries wait for the threads of their connections: whoever brings more waits while they are many. */
    public int waiting() {
        return waiting.get();
    }

    /**
     * Hands a delivery to its connection's own thread. What must not be lost is reported undelivered where there is none.
     *
     * @param writtenAfter an instant of {@link System#nanoTime} at which the log did not have it yet
     * @param trace of the device job that it is part of, if that is followed
     */
    public void deliver(Delivery delivery, long writtenAfter, Optional<Traces.Trace> trace) {
        @Nullable DeviceHandler handler = handlers.get(delivery.getDeviceId());
        long epoch = epoch(delivery.getDelivery());
        if (handler != null && handler.epoch() == epoch) {
            waiting.incrementAndGet();
            Object outgoing = delivery.getDelivery() instanceof MethodRequest request
                    ? new Call(delivery.getDeviceId(), request, delivery.getAt(), writtenAfter, trace)
                    : delivery.getDelivery();
            handler.deliver(outgoing, () -> {
                waiting.decrementAndGet();
                latency.record(Duration.between(delivery.getAt(), clock.instant()));
            });
        } else if (delivery.getDelivery() instanceof MethodRequest request) {
            reportUntilKept(
                    delivery.getDeviceId(),
                    new MethodUndelivered(request.getDeliveryId(), "no such connection", false));
        }
    }

    /** Writes a report that must not be lost: again each second while it can't be kept. */
    void reportUntilKept(String deviceId, Object report) {
        fleet.report(deviceId, report).exceptionally(_ -> {
            LATER.execute(() -> reportUntilKept(deviceId, report));
            return null;
        });
    }

    private static long epoch(Object delivery) {
        return switch (delivery) {
            case MethodRequest request -> request.getEpoch();
            case MessageRequest request -> request.getEpoch();
            case DesiredChanged change -> change.getEpoch();
            case TwinAnswer answer -> answer.getEpoch();
            case ReportedAnswer answer -> answer.getEpoch();
            case CloseConnection close -> close.getEpoch();
            case ConnectionTerms terms -> terms.getEpoch();
            default -> throw new IllegalStateException("not a delivery, class=" + delivery.getClass());
        };
    }
}
