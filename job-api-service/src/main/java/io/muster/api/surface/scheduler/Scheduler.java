package io.muster.api.surface.scheduler;

import io.muster.api.access.Gate;
import io.muster.api.arm.Provider;
import io.muster.api.surface.Surface;
import java.util.Set;

/** Names the surface of schedules. Contract: webjobs-and-schedules, 2.9. */
public final class Scheduler {
    static final String MOUNT = "/~scheduler";
    static final String NAMESPACE = "Microsoft.Scheduler";

    private Scheduler() {}

    /** Returns the surface. */
    public static Surface surface(Gate gate) {
        return Provider.of(
                gate, MOUNT, "microsoft.scheduler", Set.of("2016-03-01", "2016-01-01", "2014-08-01-preview"));
    }
}
