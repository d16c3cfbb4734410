package io.muster.access;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Gives an SDK the host to connect to and its credentials: {@code HostName=…;SharedAccessKeyName=…;SharedAccessKey=…}, or with {@code DeviceId}. Not to be logged. */
public record ConnectionString(Map<String, String> parts) {
    public ConnectionString {
        parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    }

    /** Parses a text; the parts keep their order. @throws IllegalArgumentException when a part is not {@code name=value} */
    public static ConnectionString parse(String text) {
        Map<String, String> parts = new LinkedHashMap<>();
        for (String part : text.split(";")) {
            int equals = part.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("A connection string is name=value;name=value…");
            }
            parts.put(part.substring(0, equals), part.substring(equals + 1));
        }
        return new ConnectionString(parts);
    }

    public static ConnectionString ofPolicy(String host, String policy, String key) {
        Map<String, String> parts = new LinkedHashMap<>();
        parts.put("HostName", host);
        parts.put("SharedAccessKeyName", policy);
        parts.put("SharedAccessKey", key);
        return new ConnectionString(parts);
    }

    public static ConnectionString ofDevice(String host, String deviceId, String key) {
        Map<String, String> parts = new LinkedHashMap<>();
        parts.put("HostName", host);
        parts.put("DeviceId", deviceId);
        parts.put("SharedAccessKey", key);
        return new ConnectionString(parts);
    }

    public Optional<String> part(String name) {
        return Optional.ofNullable(parts.get(name));
    }

    /** Returns the text to hand to an SDK, key included. */
    public String text() {
        return parts.entrySet().stream()
                .map(part -> part.getKey() + "=" + part.getValue())
                .collect(Collectors.joining(";"));
    }

    @Override
    public String toString() {
        return "ConnectionString" + parts.keySet();
    }
}
