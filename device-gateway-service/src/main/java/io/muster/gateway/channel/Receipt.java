package io.muster.gateway.channel;

import java.util.concurrent.CompletableFuture;

/**
 * Says what became of a publish.
 *
 * @param written completes when it may be acknowledged to the device; fails when it can't be kept, so that the device is to say it again
 * @param awaited whether the fleet waits for it: then the device is read on, whatever else waits for the broker
 */
public record Receipt(CompletableFuture<Void> written, boolean awaited) {
    private static final CompletableFuture<Void> NOTHING_TO_WRITE = CompletableFuture.completedFuture(null);

    /** Returns the receipt of a publish that leads to no record. */
    public static Receipt ofNothing() {
        return new Receipt(NOTHING_TO_WRITE, false);
    }

    /** Returns the receipt of a publish that the device made of its own accord. */
    public static Receipt unasked(CompletableFuture<Void> written) {
        return new Receipt(written, false);
    }
}
