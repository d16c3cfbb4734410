package io.muster.gateway.connect;

import io.muster.document.IdentityId;
import java.util.Optional;

/** Names the device that a CONNECT claims to be. Contract: iot-hub, 4.1. */
public record Claim(String host, IdentityId id) {
    private static final int HOST_AND_DEVICE = 2;
    private static final int HOST_DEVICE_AND_MODULE = 3;

    /**
     * Reads {@code host/device}, {@code host/device/?api-version=…} and {@code host/device/api-version=…}, each with {@code /module}
     * behind the device if it is one. Empty when the name is none of these, is not the client id's, or no identity can have such an id: a
     * claim is fit for logs and records.
     */
    public static Optional<Claim> of(String clientId, String userName) {
        IdentityId id = IdentityId.of(clientId);
        if (!id.isWellFormed()) {
            return Optional.empty();
        }
        String[] parts = userName.split("/", -1);
        int named = id.moduleId() == null ? HOST_AND_DEVICE : HOST_DEVICE_AND_MODULE;
        if (parts.length < named
                || parts[0].isEmpty()
                || !parts[1].equals(id.deviceId())
                || (id.moduleId() != null && !parts[2].equals(id.moduleId()))) {
            return Optional.empty();
        }
        boolean restIsOptions = parts.length == named
                || parts[named].isEmpty()
                || parts[named].startsWith("?")
                || parts[named].startsWith("api-version=");
        return restIsOptions ? Optional.of(new Claim(parts[0], id)) : Optional.empty();
    }

    /** Returns the resource that a token must be for, below the hub. */
    String resource() {
        return id.moduleId() == null
                ? "/devices/" + id.deviceId()
                : "/devices/" + id.deviceId() + "/modules/" + id.moduleId();
    }
}
