package io.muster.gateway.mqtt;

import io.muster.records.ConnectionTerms;
import io.muster.records.Telemetry;
import java.util.concurrent.CompletableFuture;

/** The fleet as the sockets see it. Nothing here blocks; futures complete on any thread. */
public interface Fleet {
    /** What is known of a device that wants to connect. Fails when no answer comes in time. */
    CompletableFuture<ConnectionTerms> requestConnection(String deviceId);

    /** Writes a report; completes when the broker has acknowledged it. */
    CompletableFuture<Void> report(String deviceId, Object report);

    /** Writes a message; completes when the broker has acknowledged it. */
    CompletableFuture<Void> telemetry(Telemetry message);

    /** So much waits for the broker that devices must wait before they say more. */
    boolean saturated();
}
