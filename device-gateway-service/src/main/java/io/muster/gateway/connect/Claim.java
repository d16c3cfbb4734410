package io.muster.gateway.connect;

import java.util.Optional;

/** Who a CONNECT says it is. Contract: iot-hub, 4.1. */
public record Claim(String host, String deviceId) {
    private static final int HOST_AND_DEVICE = 2;

    /**
     * Reads {@code host/device}, {@code host/device/?api-version=…} and {@code host/device/api-version=…}. Empty when the name is none
     * of these, names a module, or is not the client id's.
     */
    public static Optional<Claim> of(String clientId, String userName) {
        String[] parts = userName.split("/", -1);
        if (parts.length < HOST_AND_DEVICE || parts[0].isEmpty() || parts[1].isEmpty() || !parts[1].equals(clientId)) {
            return Optional.empty();
        }
        boolean restIsOptions = parts.length == HOST_AND_DEVICE
                || parts[2].isEmpty()
                || parts[2].startsWith("?")
                || parts[2].startsWith("api-version=");
        return restIsOptions ? Optional.of(new Claim(parts[0], parts[1])) : Optional.empty();
    }
}
