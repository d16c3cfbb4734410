package io.muster.gateway.channel;

import io.muster.document.IdentityId;
import io.muster.records.Capability;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Shows a channel the connection of a device. For the connection's thread. */
public interface DeviceConnection {
    IdentityId id();

    /** Returns the id as the device's MQTT client id is, and as records carry it. */
    String deviceId();

    long epoch();

    /** Returns whether the device may be sent something: it has its CONNACK and has not ended. */
    boolean isOpen();

    /** Returns whether the session has subscribed to the capability's filter. */
    boolean takes(Capability capability);

    /**
     * Returns what a channel keeps with this connection, and for as long.
     *
     * @param made makes it when it is asked for first
     */
    <T> T kept(Class<T> kind, Supplier<T> made);

    ByteBufAllocator allocator();

    /** Returns the connection's thread, which outlives the connection. */
    EventExecutor executor();

    /** Returns the time by {@link System#nanoTime}. */
    long nanoTime();

    /** Publishes with QoS 0. @param payload is taken over */
    void publish(String topic, ByteBuf payload);

    /**
     * Publishes with the QoS of the capability's subscription.
     *
     * @param payload is taken over
     * @param acknowledged runs when the device has acknowledged it, at once with QoS 0, and never where the connection ends before; the
     *     connection ends where what it returns fails
     */
    void publish(Capability capability, String topic, ByteBuf payload, Supplier<CompletableFuture<Void>> acknowledged);
}
