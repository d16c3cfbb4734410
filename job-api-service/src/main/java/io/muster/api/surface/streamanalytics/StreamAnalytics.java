package io.muster.api.surface.streamanalytics;

import io.muster.access.Right;
import io.muster.api.access.Gate;
import io.muster.api.arm.Provider;
import io.muster.api.surface.Surface;
import java.util.EnumSet;
import java.util.Set;

/** Names the surface of stream jobs. Contract: stream-analytics, 4.1. */
public final class StreamAnalytics {
    static final String MOUNT = "/~streamanalytics";

    private StreamAnalytics() {}

    /** Returns the surface. */
    public static Surface surface(Gate gate) {
        return Provider.of(
                gate,
                MOUNT,
                "microsoft.streamanalytics",
                Set.of("2020-03-01", "2016-03-01", "2021-10-01-preview"),
                EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_WRITE, Right.STREAMS));
    }
}
