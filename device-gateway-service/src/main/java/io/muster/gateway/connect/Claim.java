package io.muster.gateway.connect;

import io.muster.document.IdentityId;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Names the device that a CONNECT claims to be. Contract: iot-hub, 4.1 and section 8.
 *
 * @param modelId the model that it says that it is of; empty where it says none
 */
public record Claim(String host, IdentityId id, Optional<String> modelId) {
    /** Bounds a model's id. Source: DTDL 2, "Digital Twin Model Identifier". */
    private static final int LONGEST_MODEL_ID = 2048;

    private static final String MODEL_ID = "model-id=";
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
        return restIsOptions
                ? Optional.of(new Claim(parts[0], id, parts.length == named ? Optional.empty() : modelId(parts[named])))
                : Optional.empty();
    }

    /** Returns the model that options name. One that can't be read is none: the device connects all the same. */
    private static Optional<String> modelId(String options) {
        return Stream.of(options.replaceFirst("^\\?", "").split("&"))
                .filter(option -> option.startsWith(MODEL_ID))
                .findFirst()
                .map(option -> option.substring(MODEL_ID.length()))
                .flatMap(Claim::decoded)
                .filter(text -> !text.isEmpty()
                        && text.length() <= LONGEST_MODEL_ID
                        && text.chars().noneMatch(Character::isISOControl));
    }

    private static Optional<String> decoded(String text) {
        try {
            return Optional.of(URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Returns the resource that a token must be for, below the hub. */
    String resource() {
        return id.moduleId() == null
                ? "/devices/" + id.deviceId()
                : "/devices/" + id.deviceId() + "/modules/" + id.moduleId();
    }
}
