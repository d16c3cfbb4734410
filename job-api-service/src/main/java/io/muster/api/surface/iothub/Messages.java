package io.muster.api.surface.iothub;

import io.muster.api.json.Dates;
import io.muster.api.json.ProblemException;
import io.muster.records.CloudMessage;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Reads messages to devices from requests: the body is the message, headers are its properties, under the names that IoT Hub's HTTPS endpoint has for
 * them. Contract: iot-hub, 1.9 and 4.4.
 */
public final class Messages {
    private static final String OF_APPLICATION = "iothub-app-";
    private static final String EXPIRY = "iothub-expiry";
    private static final String ID = "$.mid";
    private static final Map<String, String> OF_SYSTEM = Map.of(
            "iothub-messageid", ID,
            "iothub-correlationid", "$.cid",
            "iothub-userid", "$.uid",
            "iothub-contenttype", "$.ct",
            "iothub-contentencoding", "$.ce");

    private Messages() {}

    /**
     * Reads a message. One without an id gets one.
     *
     * @param life of one without an expiry
     * @param headers by their names as they were sent
     * @throws ProblemException when the expiry is no date
     */
    public static CloudMessage of(Map<String, String> headers, byte[] body, Duration life, Instant now) {
        Map<String, String> properties = new LinkedHashMap<>();
        Instant expiresAt = now.plus(life);
        for (Map.Entry<String, String> header : headers.entrySet()) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            Optional<String> system = Optional.ofNullable(OF_SYSTEM.get(name));
            if (system.isPresent()) {
                properties.put(system.get(), header.getValue());
            } else if (name.equals(EXPIRY)) {
                expiresAt = Dates.parse(EXPIRY, header.getValue());
                properties.put("$.exp", header.getValue());
            } else if (name.startsWith(OF_APPLICATION)) {
                properties.put(header.getKey().substring(OF_APPLICATION.length()), header.getValue());
            }
        }
        properties.computeIfAbsent(ID, _ -> UUID.randomUUID().toString());
        return new CloudMessage(properties, ByteBuffer.wrap(body), expiresAt);
    }

    public static String id(CloudMessage message) {
        return message.getProperties().getOrDefault(ID, "");
    }
}
