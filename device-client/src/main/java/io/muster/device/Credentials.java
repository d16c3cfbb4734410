package io.muster.device;

import io.muster.access.ConnectionString;
import io.muster.access.SharedAccessSignature;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;

/** Proves to a hub which device connects. Immutable and thread-safe. Contract: iot-hub, 1.1. */
public sealed interface Credentials {
    /** Sets the usual lifetime of tokens. */
    Duration USUAL_LIFE = Duration.ofHours(1);

    /** Makes shared access signatures. */
    @FunctionalInterface
    interface Signer {
        /** Returns a token of the device that is good until then. */
        String sign(String deviceId, Instant expiry);
    }

    /**
     * Signs a token for each connection.
     *
     * @param life how long a token is good; the device renews it when about three quarters of that are over
     */
    record Tokens(Signer signer, Duration life) implements Credentials {
        public Tokens {
            if (life.isNegative() || life.isZero()) {
                throw new IllegalArgumentException("a token is good for a while, life=" + life);
            }
        }
    }

    /** Shows a certificate. @param chain in PEM, the device's own first @param key in PEM */
    record Certificate(Path chain, Path key) implements Credentials {}

    /** Signs with a policy that has the right DeviceConnect: no device needs a key of its own. */
    static Tokens ofPolicy(String hubHost, String policy, String key, Duration life) {
        return new Tokens(
                (deviceId, expiry) -> SharedAccessSignature.sign(resource(hubHost, deviceId), key, policy, expiry),
                life);
    }

    /** Signs with each device's own key. */
    static Tokens ofKeys(String hubHost, Map<String, String> keys, Duration life) {
        return new Tokens(
                (deviceId, expiry) -> SharedAccessSignature.sign(
                        resource(hubHost, deviceId),
                        Objects.requireNonNull(keys.get(deviceId), () -> "no key, deviceId=" + deviceId),
                        null,
                        expiry),
                life);
    }

    /**
     * Signs with the key in a device's connection string.
     *
     * @throws IllegalArgumentException when it lacks a host, a device or a key
     */
    static Tokens of(ConnectionString text, Duration life) {
        return ofKeys(part(text, "HostName"), Map.of(part(text, "DeviceId"), part(text, "SharedAccessKey")), life);
    }

    private static String part(ConnectionString text, String name) {
        return text.part(name)
                .orElseThrow(
                        () -> new IllegalArgumentException("The connection string of a device has a " + name + "."));
    }

    private static String resource(String hubHost, String deviceId) {
        return hubHost + "/devices/" + deviceId.replace("/", "/modules/");
    }
}
