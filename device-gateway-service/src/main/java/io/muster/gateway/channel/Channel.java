package io.muster.gateway.channel;

import io.muster.document.IdentityId;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Serves one capability of all connections of a gateway. Thread-safe; methods that get a connection run on its thread and never block. */
public interface Channel {
    /** Returns the filters that such an identity may subscribe to. */
    List<Filter> filters(IdentityId id);

    /** Takes a publish to a topic of this channel. @return null where the topic is not this channel's */
    @Nullable
    Receipt receive(DeviceConnection connection, Publish publish);

    /** Returns the kinds of deliveries that this channel hands over. */
    List<Handover<?>> handovers();

    /** Returns how long a gateway that ends waits for what this device was asked; zero where it was asked nothing. */
    default Duration awaits(String deviceId) {
        return Duration.ZERO;
    }
}
