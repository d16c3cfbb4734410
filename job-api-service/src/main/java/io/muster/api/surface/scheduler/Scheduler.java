package io.muster.api.surface.scheduler;

import io.muster.access.Right;
import io.muster.api.access.Gate;
import io.muster.api.access.Grant;
import io.muster.api.access.Role;
import io.muster.api.arm.Provider;
import io.muster.api.surface.Surface;
import java.util.EnumSet;
import java.util.Set;

/** Names the surface of schedules. Contract: webjobs-and-schedules, 2.9. */
public final class Scheduler {
    static final String MOUNT = "/~scheduler";
    static final String NAMESPACE = "Microsoft.Scheduler";

    /** Names what it takes to run jobs and to stop them, and WebJobs, whatever asks for their run. Contract: addresses, "Who may". */
    static final Grant RUNS = new Grant(EnumSet.of(Right.COMPUTE, Right.JOBS), Role.OPERATE);

    private Scheduler() {}

    /** Returns the surface. */
    public static Surface surface(Gate gate) {
        return Provider.of(
                gate,
                MOUNT,
                "microsoft.scheduler",
                Set.of("2016-03-01", "2016-01-01", "2014-08-01-preview"),
                EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_WRITE, Right.STREAMS, Right.JOBS, Right.COMPUTE));
    }
}
