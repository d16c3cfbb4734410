package io.muster.agent;

import io.muster.access.SharedAccessSignature;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where devices connect and how they prove who they are.
 *
 * @param hubHost the hub's name in user names and tokens; may differ from the socket's host
 * @param caFile PEM certificates to trust; null is plain TCP
 * @param token makes a device's token that is good until the given instant
 */
public record Target(
        String host, int port, String hubHost, @Nullable Path caFile, Function<Identity, String> token) {
    /** How long a token is good; the device renews it when three quarters are over, as the SDKs do. */
    static final Duration TOKEN_LIFE = Duration.ofHours(1);

    /** A device and until when its token is to be good. */
    public record Identity(String deviceId, Instant expiry) {}

    /** Tokens signed with a policy that has DeviceConnect: no device needs a key of its own. */
    public static Target byPolicy(
            String host, int port, String hubHost, @Nullable Path caFile, String policy, String key) {
        return new Target(
                host,
                port,
                hubHost,
                caFile,
                identity -> SharedAccessSignature.sign(
                        hubHost + "/devices/" + identity.deviceId(), key, policy, identity.expiry()));
    }
}
