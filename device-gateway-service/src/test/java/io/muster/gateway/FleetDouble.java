package io.muster.gateway;

import io.muster.gateway.fleet.Fleet;
import io.muster.records.ConnectionTerms;
import io.muster.records.Credentials;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceStatus;
import io.muster.records.SubscriptionsChanged;
import io.muster.records.TaskOutput;
import io.muster.records.Telemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Plays the fleet without Kafka: knows its devices, and remembers reports. */
final class FleetDouble implements Fleet {
    final Map<String, Credentials> devices = new ConcurrentHashMap<>();
    final Map<String, List<String>> sessions = new ConcurrentHashMap<>();
    private final Map<String, List<String>> atLeastOnce = new ConcurrentHashMap<>();
    final List<Object> reports = new CopyOnWriteArrayList<>();
    final List<Telemetry> messages = new CopyOnWriteArrayList<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    /** Holds reports that could not be kept. */
    final List<Object> refused = new CopyOnWriteArrayList<>();
    /** Says that nothing more can be kept. */
    volatile boolean full;
    /** Ends when the brokers have acknowledged what is reported. */
    volatile CompletableFuture<Void> written = CompletableFuture.completedFuture(null);

    /** Ends when the fleet answers who it is asked about. */
    volatile CompletableFuture<Void> terms = CompletableFuture.completedFuture(null);

    private final AtomicLong epochs = new AtomicLong();

    @Override
    public CompletableFuture<ConnectionTerms> requestConnection(String deviceId) {
        asked.add(deviceId);
        Credentials credentials = devices.get(deviceId);
        ConnectionTerms known = ConnectionTerms.newBuilder()
                .setCorrelationId("c")
                .setEpoch(epochs.incrementAndGet())
                .setKnown(credentials != null)
                .setStatus(DeviceStatus.ENABLED)
                .setCredentials(credentials)
                .setSubscriptions(sessions.getOrDefault(deviceId, List.of()))
                .setAtLeastOnce(atLeastOnce.getOrDefault(deviceId, List.of()))
                .build();
        return terms.thenApply(_ -> known);
    }

    @Override
    public CompletableFuture<Void> report(String deviceId, Object report) {
        if (full) {
            refused.add(report);
            return CompletableFuture.failedFuture(new IllegalStateException("full"));
        }
        reports.add(report);
        if (report instanceof SubscriptionsChanged changed) {
            sessions.put(deviceId, changed.getSubscriptions());
            atLeastOnce.put(deviceId, changed.getAtLeastOnce());
        } else if (report instanceof DeviceConnected connected && connected.getCleanSession()) {
            sessions.remove(deviceId);
        }
        return written;
    }

    @Override
    public CompletableFuture<Void> telemetry(Telemetry message) {
        messages.add(message);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> reportToPool(String poolId, String nodeId, long epoch, List<Object> said) {
        reports.addAll(said);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> output(TaskOutput output) {
        reports.add(output);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public boolean saturated() {
        return false;
    }

    <R> List<R> reported(Class<R> type) {
        List<R> found = new ArrayList<>();
        for (Object report : reports) {
            if (type.isInstance(report)) {
                found.add(type.cast(report));
            }
        }
        return found;
    }
}
