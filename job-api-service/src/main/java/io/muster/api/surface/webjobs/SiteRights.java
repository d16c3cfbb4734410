package io.muster.api.surface.webjobs;

import io.muster.access.Right;
import io.muster.api.access.Grant;
import io.muster.api.access.Role;
import java.util.EnumSet;
import java.util.Set;

/** Says what requests for a site's WebJobs and settings take, on Kudu's wire and on that of Azure Resource Manager. Contract: addresses, "Who may". */
final class SiteRights {
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    private SiteRights() {}

    /** Returns whether requests of a method change nothing. */
    static boolean reads(String method) {
        return READING.contains(method);
    }

    /** Returns what a request takes: to run code is one thing, to bring it another. Settings of a site hold secrets, and are read by whoever may write them. */
    static Grant of(String method, String route) {
        boolean runs = route.endsWith("/run") || route.endsWith("/start") || route.endsWith("/stop");
        if (runs || reads(method) && !route.contains("/api/settings")) {
            return new Grant(EnumSet.of(Right.COMPUTE, Right.JOBS), runs ? Role.OPERATE : Role.READ);
        }
        return new Grant(EnumSet.of(Right.COMPUTE), Role.ADMINISTER);
    }
}
