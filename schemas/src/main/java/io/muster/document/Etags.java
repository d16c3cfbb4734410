package io.muster.document;

import io.muster.records.CatalogItem;
import io.muster.records.Device;
import io.muster.records.Twin;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Makes entity tags of the counters that a change moves, so the fleet, which compares them, and the API, which shows them,
 * agree without storing them. Contract: iot-hub, 1.0 and 5.1.
 */
public final class Etags {
    private Etags() {}

    /** Covers tags and desired properties: the base64 of the version in eight bytes. */
    public static String of(Twin twin) {
        return Base64.getEncoder()
                .encodeToString(ByteBuffer.allocate(Long.BYTES)
                        .putLong(twin.getVersion())
                        .array());
    }

    /** Covers the identity: the base64 of the generation and the revision. */
    public static String of(Device device) {
        String text = device.getGenerationId() + "." + device.getRevision();
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Covers an item of the catalog: when it was made, in hexadecimal milliseconds, a dash, and its revision. */
    public static String of(CatalogItem item) {
        return Long.toHexString(item.getCreatedAt().toEpochMilli()) + "-" + item.getRevision();
    }

    /** Returns whether a condition allows a change: none and {@code *} allow any. */
    public static boolean matches(@Nullable String condition, String etag) {
        return condition == null || condition.equals("*") || condition.equals(etag);
    }
}
