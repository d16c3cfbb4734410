package io.muster.gateway.topic;

import io.muster.document.IdentityId;
import java.util.Set;

/** What a device may subscribe to. Contract: iot-hub, 4.4 to 4.7. */
public final class Filters {
    public static final String METHODS = "$iothub/methods/POST/#";
    public static final String DESIRED = "$iothub/twin/PATCH/properties/desired/#";
    public static final String TWIN_ANSWERS = "$iothub/twin/res/#";

    private static final Set<String> OF_EVERY_DEVICE = Set.of(METHODS, DESIRED, TWIN_ANSWERS);

    private Filters() {}

    public static boolean isAllowed(String deviceId, String filter) {
        return OF_EVERY_DEVICE.contains(filter)
                || (!IdentityId.isModule(deviceId) && filter.equals(messages(deviceId)));
    }

    /** For messages to a device; modules get none. */
    public static String messages(String deviceId) {
        return "devices/" + deviceId + "/messages/devicebound/#";
    }
}
