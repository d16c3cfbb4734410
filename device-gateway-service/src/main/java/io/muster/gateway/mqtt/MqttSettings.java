package io.muster.gateway.mqtt;

import io.muster.access.SharedAccessPolicies;
import io.muster.gateway.connect.Authenticator;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds how the gateway listens.
 *
 * @param tlsPort 0 for any free one
 * @param certificate in PEM, polled for changes, as is its key; null for no TLS
 * @param plainPort empty for none; 0 for any free one
 * @param proxiedPort where connections begin with the header of the PROXY protocol, over TLS if there is a certificate; empty for none; 0
 *     for any free one
 * @param largestMessage bytes of a message's body
 * @param direct limits where an address is that of the connection
 * @param proxied limits where an address is the one that the PROXY protocol names
 */
public record MqttSettings(
        String host,
        int tlsPort,
        Optional<Integer> plainPort,
        Optional<Integer> proxiedPort,
        @Nullable Path certificate,
        @Nullable Path key,
        Authenticator authenticator,
        Supplier<SharedAccessPolicies> policies,
        InstantSource clock,
        int largestMessage,
        PerAddress direct,
        PerAddress proxied) {
    /**
     * Limits an address.
     *
     * @param connects connections at a time that are no device's yet
     * @param refusals connects that may be refused in a second; 0 for any number
     */
    public record PerAddress(int connects, int refusals) {
        /**
         * Holds the defaults: many devices may come from one address at once, and none waits long; some may try with wrong credentials, again and
         * again.
         */
        public static final PerAddress USUAL = new PerAddress(1000, 10);
    }

    /** Bounds a message as IoT Hub does: the default. */
    public static final int LARGEST_MESSAGE = 256 * 1024;
}
