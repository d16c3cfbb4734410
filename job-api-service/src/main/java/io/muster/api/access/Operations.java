package io.muster.api.access;

import io.muster.access.Right;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which rights allow a request: any one of them. A route is the template that a request's method and path were matched with, such as {@code
 * /devices/{id}}: no id of a caller's is taken for a word of ours. For a request that no route takes it is the path. Contract: iot-hub, 1.1,
 * with the lenient rulings there.
 */
public final class Operations {
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    private Operations() {}

    public static Set<Right> rights(String method, String route) {
        if (route.startsWith("/twins") || isOfMessages(route)) {
            return EnumSet.of(Right.SERVICE_CONNECT);
        }
        if (isQuery(route)) {
            return EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_READ);
        }
        if (isLive(route) || route.startsWith("/jobs") || route.startsWith("/subscriptions")) {
            return EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_WRITE);
        }
        return method.equals("GET") ? EnumSet.of(Right.REGISTRY_READ) : EnumSet.of(Right.REGISTRY_WRITE);
    }

    /** Whether a route is of the page of jobs, which a browser that is signed in may read. */
    public static boolean isLive(String route) {
        return route.equals("/") || route.startsWith("/live/");
    }

    static boolean isQuery(String route) {
        return route.equals("/devices/query");
    }

    static boolean isOfMessages(String route) {
        return route.endsWith("/messages/devicebound") || route.endsWith("/commands");
    }

    /** The role that a person needs. */
    public static Role role(String method, String route) {
        if (READING.contains(method) || isQuery(route) || isLive(route)) {
            return Role.READ;
        }
        boolean registers = route.startsWith("/devices") && !isOfMessages(route);
        return registers ? Role.ADMINISTER : Role.OPERATE;
    }

    /** Whether it asks for more than to be told something. */
    public static boolean changes(String method, String route) {
        return role(method, route) != Role.READ;
    }
}
