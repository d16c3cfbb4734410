package io.muster.planner.fleet;

import io.muster.planner.request.Fault;
import io.muster.planner.state.PendingMessage;
import io.muster.records.CloudMessage;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceRefused;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Decides on messages to devices: one waits, is handed over once a connection, and is deleted when it is acknowledged. Contract: iot-hub, 4.4. */
public final class CloudMessages {
    /** Limits the messages that wait for a device. */
    public static final int QUEUED_PER_DEVICE = 50;

    private static final int LARGEST = 64 * 1024;
    private static final Duration LONGEST_LIFE = Duration.ofDays(2);

    private CloudMessages() {}

    /** Returns why the message is not taken; empty where it is. @param queued how many wait already */
    public static Optional<DeviceRefused> refusal(CloudMessage message, int queued, Instant now) {
        if (size(message) > LARGEST) {
            return Optional.of(Refusals.of(
                    Fault.tooLarge("A message to a device has up to " + LARGEST + " bytes with its properties.")));
        }
        if (!message.getExpiresAt().isAfter(now)) {
            return Optional.of(Refusals.invalid("The message has expired already."));
        }
        if (message.getExpiresAt().isAfter(now.plus(LONGEST_LIFE))) {
            return Optional.of(Refusals.invalid("A message lives up to " + LONGEST_LIFE.toDays() + " days."));
        }
        return queued < QUEUED_PER_DEVICE ? Optional.empty() : Optional.of(Refusals.queueFull(QUEUED_PER_DEVICE));
    }

    private static int size(CloudMessage message) {
        int size = message.getBody().remaining();
        for (Map.Entry<String, String> property : message.getProperties().entrySet()) {
            size += property.getKey().getBytes(StandardCharsets.UTF_8).length
                    + property.getValue().getBytes(StandardCharsets.UTF_8).length;
        }
        return size;
    }

    public static boolean isExpired(PendingMessage message, Instant now) {
        return !message.getExpiresAt().isAfter(now);
    }

    /** Returns whether the connection was not handed the message yet. */
    public static boolean isNewTo(PendingMessage message, DeviceConnection connection) {
        return message.getEpoch() != connection.getEpoch();
    }
}
