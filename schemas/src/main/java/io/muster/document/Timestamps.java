package io.muster.document;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Writes dates as documents show them and conditions compare them: UTC, seven digits of a second, so that the order of the texts is the order
 * of time. Contract: iot-hub, 1.0 and 3.3.
 */
public final class Timestamps {
    /** Stands for "never". */
    public static final String NEVER = "0001-01-01T00:00:00Z";

    private static final DateTimeFormatter OUT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSS'Z'").withZone(ZoneOffset.UTC);

    private Timestamps() {}

    public static String text(Instant instant) {
        return OUT.format(instant);
    }
}
