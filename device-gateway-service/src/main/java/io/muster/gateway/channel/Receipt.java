package io.muster.gateway.channel;

import java.util.concurrent.CompletableFuture;

/**
 * Says what became of a publish.
 *
 * @param written completes when it may be acknowledged to the device; fails when it can't be kept, so that the device is to say it again
 */
public record Receipt(CompletableFuture<Void> written, Cause cause) {
    /** Names the reason of a publish, by which a device is read on or not. */
    public enum Cause {
        /** The fleet waits for it: the device is read on, whatever else waits for the broker. */
        AWAITED,
        /** The device made it of its own accord, and the log alone takes it. */
        UNASKED,
        /** The device asks its partition, which works for many: requests have a rate. */
        REQUEST
    }

    private static final CompletableFuture<Void> NOTHING_TO_WRITE = CompletableFuture.completedFuture(null);

    /** Returns the receipt of a publish that leads to no record. */
    public static Receipt ofNothing() {
        return unasked(NOTHING_TO_WRITE);
    }

    /** Returns the receipt of a publish that the device made of its own accord. */
    public static Receipt unasked(CompletableFuture<Void> written) {
        return new Receipt(written, Cause.UNASKED);
    }

    /** Returns the receipt of a publish that the fleet waits for. */
    public static Receipt awaited(CompletableFuture<Void> written) {
        return new Receipt(written, Cause.AWAITED);
    }

    /** Returns the receipt of a request to the device's partition. */
    public static Receipt request(CompletableFuture<Void> written) {
        return new Receipt(written, Cause.REQUEST);
    }
}
