package io.muster.gateway.channel;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/**
 * Hands one kind of delivery over.
 *
 * @param kind the record's class, of which one channel alone hands over
 * @param epoch of the connection that the delivery is for
 * @param deliver runs on the connection's thread, also when the connection has ended meanwhile
 * @param undeliverable runs on any thread when the connection is not at this gateway
 */
public record Handover<D>(
        Class<D> kind,
        ToLongFunction<D> epoch,
        BiConsumer<DeviceConnection, Outgoing<D>> deliver,
        Consumer<Outgoing<D>> undeliverable) {
    /** Makes one for a delivery that may be lost: the fleet sends it again, or the device asks for it. */
    public static <D> Handover<D> ofLossy(
            Class<D> kind, ToLongFunction<D> epoch, BiConsumer<DeviceConnection, Outgoing<D>> deliver) {
        return new Handover<>(kind, epoch, deliver, _ -> {});
    }
}
