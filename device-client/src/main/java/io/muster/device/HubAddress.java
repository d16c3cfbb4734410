package io.muster.device;

import io.muster.access.ConnectionString;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Says where a hub is.
 *
 * @param host the socket's, which the hub's certificate must name
 * @param hubHost the hub's name in user names and tokens
 * @param caFile PEM certificates to trust; null is plain TCP
 */
public record HubAddress(
        String host, int port, String hubHost, @Nullable Path caFile) {
    /**
     * Reads the hub's host, and the gateway's where there is one, from a device's connection string.
     *
     * @throws IllegalArgumentException when it names no host
     */
    public static HubAddress of(ConnectionString text, int port, @Nullable Path caFile) {
        String hub = text.part("HostName")
                .orElseThrow(() -> new IllegalArgumentException("The connection string of a device has a HostName."));
        return new HubAddress(text.part("GatewayHostName").orElse(hub), port, hub, caFile);
    }
}
