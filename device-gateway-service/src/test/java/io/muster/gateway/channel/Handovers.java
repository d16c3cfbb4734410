package io.muster.gateway.channel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Hands deliveries to a channel as the session does. */
public final class Handovers {
    private Handovers() {}

    /** Hands over a record that was decided at 1970 and written when {@code nanoTime} was 0. */
    public static <D> void deliver(Channel channel, DeviceConnection connection, D delivery) {
        Outgoing<D> outgoing = outgoing(connection.deviceId(), delivery);
        handover(channel, delivery).deliver().accept(connection, outgoing);
    }

    /** Hands over a record whose connection is not here. */
    public static <D> void miss(Channel channel, String deviceId, D delivery) {
        handover(channel, delivery).undeliverable().accept(outgoing(deviceId, delivery));
    }

    private static <D> Outgoing<D> outgoing(String deviceId, D delivery) {
        return new Outgoing<>(deviceId, delivery, Instant.EPOCH, 0, Optional.empty());
    }

    private static <D> Handover<D> handover(Channel channel, D delivery) {
        return new Channels(List.of(channel), (_, _, _) -> Optional.empty()).handover(delivery);
    }
}
