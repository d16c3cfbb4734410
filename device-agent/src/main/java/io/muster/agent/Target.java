package io.muster.agent;

import io.muster.access.SharedAccessSignature;
import java.nio.file.Path;
import java.time.Instant;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where devices connect and how they prove who they are.
 *
 * @param hubHost the hub's name in user names and tokens; may differ from the socket's host
 * @param caFile PEM certificates to trust; null is plain TCP
 * @param token makes a device's token that is good until the given instant; called on event loops, from several threads
 */
public record Target(
        String host, int port, String hubHost, @Nullable Path caFile, Function<Identity, String> token) {
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
                identity -> SharedAccessSignature.sign(scope(hubHost, identity), key, policy, identity.expiry()));
    }

    /** Tokens signed with each device's own key. A device without one does not connect. */
    public static Target byDeviceKeys(
            String host, int port, String hubHost, @Nullable Path caFile, DeviceKeys keys) {
        return new Target(
                host,
                port,
                hubHost,
                caFile,
                identity -> SharedAccessSignature.sign(
                        scope(hubHost, identity), keys.of(identity.deviceId()), null, identity.expiry()));
    }

    private static String scope(String hubHost, Identity identity) {
        return hubHost + "/devices/" + identity.deviceId();
    }
}
