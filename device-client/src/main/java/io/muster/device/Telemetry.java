package io.muster.device;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Carries an event of a device. @param properties system ones under their {@code $.} names */
public record Telemetry(Map<String, String> properties, byte[] body) {
    private static final Map<String, String> JSON = Map.of("$.ct", "application/json", "$.ce", "utf-8");

    /** Returns an event whose body is JSON, marked as such. */
    public static Telemetry ofJson(String body) {
        return new Telemetry(JSON, body.getBytes(StandardCharsets.UTF_8));
    }
}
