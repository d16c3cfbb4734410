package io.muster.api.access;

import io.muster.access.Right;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;

/** Which rights allow a request: any one of them. Paths are in normal form. Contract: iot-hub, 1.1, with the lenient rulings there. */
public final class Operations {
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    private static final String QUERY = "/devices/query";
    private static final Pattern MESSAGES = Pattern.compile("/devices/[^/]+/(messages/devicebound|commands)");

    private Operations() {}

    public static Set<Right> rights(String method, String path) {
        if (path.startsWith("/twins") || MESSAGES.matcher(path).matches()) {
            return EnumSet.of(Right.SERVICE_CONNECT);
        }
        if (isLive(path) || path.startsWith("/jobs") || path.startsWith("/subscriptions") || path.equals(QUERY)) {
            return EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_WRITE);
        }
        return method.equals("GET") ? EnumSet.of(Right.REGISTRY_READ) : EnumSet.of(Right.REGISTRY_WRITE);
    }

    /** Whether a path is of the page of jobs, which a browser that is signed in may read. */
    public static boolean isLive(String path) {
        return path.equals("/") || path.startsWith("/live/");
    }

    /** The role that a person needs. */
    public static Role role(String method, String path) {
        if (READING.contains(method) || path.equals(QUERY) || isLive(path)) {
            return Role.READ;
        }
        boolean registers =
                path.startsWith("/devices") && !MESSAGES.matcher(path).matches();
        return registers ? Role.ADMINISTER : Role.OPERATE;
    }

    /** Whether it asks for more than to be told something. */
    public static boolean changes(String method, String path) {
        return role(method, path) != Role.READ;
    }
}
