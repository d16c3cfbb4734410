package io.muster.gateway.fleet;

import io.muster.records.ConnectionTerms;
import io.muster.records.TaskOutput;
import io.muster.records.Telemetry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Reaches the fleet: asks it for terms and reports to it. Nothing here blocks; futures complete on any thread. */
public interface Fleet {
    /** Asks for what is known of a device that wants to connect. Fails when no answer comes in time. */
    CompletableFuture<ConnectionTerms> requestConnection(String deviceId);

    /** Writes a report; completes when the broker has acknowledged it. */
    CompletableFuture<Void> report(String deviceId, Object report);

    /** Writes a message; completes when the broker has acknowledged it. */
    CompletableFuture<Void> telemetry(Telemetry message);

    /** Writes what a node said at once to its pool; completes when the broker has acknowledged it. @param reports those of {@code NodeReports} */
    CompletableFuture<Void> reportToPool(String poolId, String nodeId, long epoch, List<Object> reports);

    /** Writes what a task's program wrote; completes when the broker has acknowledged it. */
    CompletableFuture<Void> output(TaskOutput output);

    /** Returns whether so much waits for the broker that devices must wait before they say more. */
    boolean saturated();

    /** Writes a report that must not be lost: again each second until it is written. */
    default void reportUntilWritten(String deviceId, Object report) {
        report(deviceId, report).exceptionally(_ -> {
            CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS).execute(() -> reportUntilWritten(deviceId, report));
            return null;
        });
    }

    /** Writes a report to a pool that must not be lost: again each second until it is written. */
    default void reportToPoolUntilWritten(String poolId, String nodeId, long epoch, Object report) {
        reportToPool(poolId, nodeId, epoch, List.of(report)).exceptionally(_ -> {
            CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS)
                    .execute(() -> reportToPoolUntilWritten(poolId, nodeId, epoch, report));
            return null;
        });
    }
}
