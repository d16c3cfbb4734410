package io.muster.document;

import io.muster.records.Device;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names the scopes of edge devices, which their children carry. Made of the device, so nothing stores them twice. Contract: iot-hub, 8. */
public final class EdgeScope {
    private static final String SCHEME = "ms-azure-iot-edge://";
    private static final Pattern SCOPE = Pattern.compile("ms-azure-iot-edge://(.{1,128})-([0-9]{1,19})");

    private EdgeScope() {}

    /** Returns the scope of a device: its own where it is an edge device, else its parent's; "" for none. */
    public static String of(Device device) {
        return device.getSettings().getIotEdge()
                ? own(device)
                : Objects.requireNonNullElse(device.getSettings().getParentScope(), "");
    }

    /** Returns the scope that an edge device's children carry. It differs between two devices that had the same id one after the other. */
    public static String own(Device device) {
        return SCHEME + device.getDeviceId() + '-' + device.getGenerationId();
    }

    /** Returns the scopes of a device's parents: one, or none. */
    public static List<String> parents(Device device) {
        return Optional.ofNullable(device.getSettings().getParentScope()).stream()
                .toList();
    }

    /** Returns the id of the edge device that a scope names; empty where the text is no scope. */
    public static Optional<String> deviceId(String scope) {
        Matcher matcher = SCOPE.matcher(scope);
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }
}
