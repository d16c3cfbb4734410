package io.muster.api.access;

import io.muster.access.Right;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;

/** Which rights allow a request: any one of them. Contract: iot-hub, 1.1, with the lenient rulings there. */
public final class Operations {
    private static final Pattern MESSAGES = Pattern.compile("/devices/[^/]+/(messages/devicebound|commands)");

    private Operations() {}

    public static Set<Right> rights(String method, String path) {
        if (path.startsWith("/twins") || MESSAGES.matcher(path).matches()) {
            return EnumSet.of(Right.SERVICE_CONNECT);
        }
        if (path.startsWith("/jobs") || path.startsWith("/subscriptions") || path.equals("/devices/query")) {
            return EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_WRITE);
        }
        return method.equals("GET") ? EnumSet.of(Right.REGISTRY_READ) : EnumSet.of(Right.REGISTRY_WRITE);
    }
}
