package io.muster.gateway.channel;

import io.muster.document.IdentityId;
import java.util.Optional;

/** Reads the will of a CONNECT. Contract: iot-hub, 4.2. */
@FunctionalInterface
public interface Wills {
    /** Returns what carries the will out; empty where a device may not publish to the topic. */
    Optional<Runnable> read(IdentityId id, String topic, byte[] body);
}
