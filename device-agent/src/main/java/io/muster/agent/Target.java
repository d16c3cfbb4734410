package io.muster.agent;

import io.muster.access.ConnectionString;
import io.muster.access.SharedAccessSignature;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where devices connect and how they prove who they are.
 *
 * @param hubHost the hub's name in user names and tokens; may differ from the socket's host
 * @param caFile PEM certificates to trust; null is plain TCP
 * @param tokens makes the tokens that devices show
 * @param tokenLife how long a token is good; a device renews it when three quarters are over, as the SDKs do
 */
public record Target(
        String host, int port, String hubHost, @Nullable Path caFile, Tokens tokens, Duration tokenLife) {
    private static final Duration TOKEN_LIFE = Duration.ofHours(1);

    /** Makes shared access signatures. */
    @FunctionalInterface
    public interface Tokens {
        /** A token that is good until then. Contract: iot-hub, 1.1. */
        String sign(String deviceId, Instant expiry);

        /** Signed with a policy that has DeviceConnect: no device needs a key of its own. */
        static Tokens byPolicy(String hubHost, String policy, String key) {
            return (deviceId, expiry) ->
                    SharedAccessSignature.sign(hubHost + "/devices/" + deviceId, key, policy, expiry);
        }

        /** Signed by each device with its own key. */
        static Tokens byKeys(String hubHost, Map<String, String> keys) {
            return (deviceId, expiry) -> SharedAccessSignature.sign(
                    hubHost + "/devices/" + deviceId,
                    Objects.requireNonNull(keys.get(deviceId), () -> "no key, deviceId=" + deviceId),
                    null,
                    expiry);
        }
    }

    public Target {
        if (tokenLife.isNegative() || tokenLife.isZero()) {
            throw new IllegalArgumentException("a token is good for a while, tokenLife=" + tokenLife);
        }
    }

    /** All devices with a policy's key. */
    public static Target byPolicy(
            String host, int port, String hubHost, @Nullable Path caFile, String policy, String key) {
        return new Target(host, port, hubHost, caFile, Tokens.byPolicy(hubHost, policy, key), TOKEN_LIFE);
    }

    /** Each device with its own key. */
    public static Target byKeys(
            String host, int port, String hubHost, @Nullable Path caFile, Map<String, String> keys) {
        return new Target(host, port, hubHost, caFile, Tokens.byKeys(hubHost, keys), TOKEN_LIFE);
    }

    /**
     * The device that a connection string names; its host is the hub's name and the socket's.
     *
     * @throws IllegalArgumentException when it lacks a host, a device or a key
     */
    public static Target byConnectionString(ConnectionString text, int port, @Nullable Path caFile) {
        String hub = part(text, "HostName");
        String host = text.part("GatewayHostName").orElse(hub);
        return byKeys(host, port, hub, caFile, Map.of(part(text, "DeviceId"), part(text, "SharedAccessKey")));
    }

    private static String part(ConnectionString text, String name) {
        return text.part(name)
                .orElseThrow(() -> new IllegalArgumentException("The connection string of a device has a " + name));
    }

    /** The same with tokens of another life. */
    public Target withTokenLife(Duration life) {
        return new Target(host, port, hubHost, caFile, tokens, life);
    }
}
