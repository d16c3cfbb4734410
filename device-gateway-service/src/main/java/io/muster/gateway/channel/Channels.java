package io.muster.gateway.channel;

import io.muster.document.IdentityId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the channel of a topic, a filter or a delivery. Immutable and thread-safe. */
public final class Channels {
    private final List<Channel> channels;
    private final Wills wills;
    private final Map<Class<?>, Handover<?>> handovers = new HashMap<>();

    /**
     * Composes channels.
     *
     * @throws IllegalArgumentException when two of them hand over the same kind of delivery
     */
    public Channels(List<Channel> channels, Wills wills) {
        this.channels = List.copyOf(channels);
        this.wills = wills;
        for (Channel channel : channels) {
            for (Handover<?> handover : channel.handovers()) {
                if (handovers.put(handover.kind(), handover) != null) {
                    throw new IllegalArgumentException(
                            "one channel hands a kind of delivery over, kind=" + handover.kind());
                }
            }
        }
    }

    /** Returns all filters that such an identity may subscribe to. */
    public List<Filter> filters(IdentityId id) {
        List<Filter> filters = new ArrayList<>();
        for (Channel channel : channels) {
            filters.addAll(channel.filters(id));
        }
        return filters;
    }

    /** Takes a publish. @return null where the topic is no channel's */
    public @Nullable Receipt receive(DeviceConnection connection, Publish publish) {
        for (Channel channel : channels) {
            Receipt receipt = channel.receive(connection, publish);
            if (receipt != null) {
                return receipt;
            }
        }
        return null;
    }

    /**
     * Returns how such a delivery is handed over.
     *
     * @throws IllegalStateException when no channel takes its kind
     */
    @SuppressWarnings("unchecked") // The map's keys are the kinds of its values.
    public <D> Handover<D> handover(D delivery) {
        Handover<?> handover = handovers.get(delivery.getClass());
        if (handover == null) {
            throw new IllegalStateException("no channel takes such a delivery, class=" + delivery.getClass());
        }
        return (Handover<D>) handover;
    }

    /** Returns how long a gateway that ends waits for what this device was asked by any channel. */
    public Duration awaits(String deviceId) {
        Duration longest = Duration.ZERO;
        for (Channel channel : channels) {
            Duration awaited = channel.awaits(deviceId);
            longest = awaited.compareTo(longest) > 0 ? awaited : longest;
        }
        return longest;
    }

    /** Reads a will. @return empty where a device may not have such a will */
    public Optional<Runnable> will(IdentityId id, String topic, byte[] body) {
        return wills.read(id, topic, body);
    }
}
