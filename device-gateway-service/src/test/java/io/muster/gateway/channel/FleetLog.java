package io.muster.gateway.channel;

import io.muster.gateway.fleet.Fleet;
import io.muster.records.ConnectionTerms;
import io.muster.records.TaskOutput;
import io.muster.records.Telemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Stands for the fleet's log: it takes records, or is away and refuses them, or is slow and leaves their futures open. */
public final class FleetLog implements Fleet {
    public final List<Object> reports = new ArrayList<>();
    public final List<Telemetry> messages = new ArrayList<>();
    /** Holds reports to pools: pool, node, epoch and report, with blanks between. */
    public final List<String> toPools = new ArrayList<>();

    public final List<TaskOutput> outputs = new ArrayList<>();
    /** Holds the futures of a slow log. */
    public final List<CompletableFuture<Void>> open = new ArrayList<>();

    public boolean away;
    public boolean slow;

    @Override
    public CompletableFuture<ConnectionTerms> requestConnection(String deviceId) {
        throw new AssertionError(deviceId);
    }

    @Override
    public CompletableFuture<Void> report(String deviceId, Object report) {
        return written(() -> reports.add(report));
    }

    @Override
    public CompletableFuture<Void> telemetry(Telemetry message) {
        return written(() -> messages.add(message));
    }

    @Override
    public CompletableFuture<Void> reportToPool(String poolId, String nodeId, long epoch, List<Object> reports) {
        return written(
                () -> reports.forEach(report -> toPools.add(poolId + " " + nodeId + " " + epoch + " " + report)));
    }

    @Override
    public CompletableFuture<Void> output(TaskOutput output) {
        return written(() -> outputs.add(output));
    }

    private CompletableFuture<Void> written(Runnable write) {
        if (away) {
            return CompletableFuture.failedFuture(new IllegalStateException("away"));
        }
        write.run();
        CompletableFuture<Void> written = new CompletableFuture<>();
        if (slow) {
            open.add(written);
        } else {
            written.complete(null);
        }
        return written;
    }

    @Override
    public boolean saturated() {
        return false;
    }
}
