package io.muster.agent;

import io.muster.access.ConnectionString;
import io.muster.device.Credentials;
import io.muster.device.HubAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Says where devices connect and how they prove who they are. */
public record Target(HubAddress hub, Credentials.Tokens credentials) {
    /** Has all devices sign with a policy's key. */
    public static Target byPolicy(
            String host, int port, String hubHost, @Nullable Path caFile, String policy, String key) {
        return new Target(
                new HubAddress(host, port, hubHost, caFile),
                Credentials.ofPolicy(hubHost, policy, key, Credentials.USUAL_LIFE));
    }

    /** Has each device sign with its own key. */
    public static Target byKeys(
            String host, int port, String hubHost, @Nullable Path caFile, Map<String, String> keys) {
        return new Target(
                new HubAddress(host, port, hubHost, caFile), Credentials.ofKeys(hubHost, keys, Credentials.USUAL_LIFE));
    }

    /**
     * Has the device that a connection string names connect to the host that it names.
     *
     * @throws IllegalArgumentException when it lacks a host, a device or a key
     */
    public static Target byConnectionString(ConnectionString text, int port, @Nullable Path caFile) {
        return new Target(HubAddress.of(text, port, caFile), Credentials.of(text, Credentials.USUAL_LIFE));
    }

    /** Returns the same with tokens of another life. */
    public Target withTokenLife(Duration life) {
        return new Target(hub, new Credentials.Tokens(credentials.signer(), life));
    }
}
