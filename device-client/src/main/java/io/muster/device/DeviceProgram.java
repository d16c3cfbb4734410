package io.muster.device;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Says what a device does. Its methods run on the device's thread, which many devices share: they return at once, and end what takes longer in the
 * stages that they return. An exception of theirs ends the connection and never the thread.
 */
public interface DeviceProgram {
    /** Names what a hub may send a device that subscribes to it. */
    enum Subscription {
        METHODS,
        DESIRED_CHANGES,
        MESSAGES,
        TASK_ORDERS
    }

    /** Returns what the device subscribes to. Answers about its twin it gets in any case. */
    default Set<Subscription> subscriptions() {
        return EnumSet.noneOf(Subscription.class);
    }

    /**
     * Answers a method. A call whose stage never ends is not answered; one whose stage fails is answered with 500. An answer goes over the connection
     * that there is by then.
     */
    default CompletionStage<MethodAnswer> call(DeviceClient device, MethodCall call) {
        return CompletableFuture.completedFuture(MethodAnswer.notImplemented(call.method()));
    }

    /** Takes a change of desired properties. @param patch JSON, with the member {@code $version} */
    default void desiredChanged(DeviceClient device, String patch) {}

    /** Takes a message. The hub keeps it and sends it again over a later connection, unless the stage ends well. */
    default CompletionStage<Void> message(DeviceClient device, CloudMessage message) {
        return CompletableFuture.completedFuture(null);
    }

    /** Takes orders of the pool that the device is in, or is to be in. They came over the connection that there is. */
    default void tasksOrdered(DeviceClient device, TaskOrders orders) {}

    /** Runs when the device is connected and subscribed. */
    default void connected(DeviceClient device) {}

    /** Runs when a connection has ended, or could not be made. @param reason a few words, no secret */
    default void ended(DeviceClient device, String reason) {}

    /** Returns the term of the device's {@link Lease}; empty for none. */
    default Optional<Duration> lease() {
        return Optional.empty();
    }

    /** Runs when the lease is over: nobody may count on this device any more. It is held again when the device is connected. */
    default void leaseLost(DeviceClient device) {}
}
