package io.muster.document;

import io.muster.records.BatchPool;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.PoolResize;
import org.jspecify.annotations.Nullable;

/** Counts nodes of a pool as dedicated ones, for the planner's events and the API's documents alike. Contract: batch, 3.1 and 3.5. */
public final class DedicatedNodes {
    private DedicatedNodes() {}

    /** Returns how many of a pool's nodes count as dedicated: nodes are alike, and the first ones are. Those that a resize has still to take away count as they did before it. */
    public static int of(BatchPool pool, int nodes) {
        BatchPoolDefinition definition = pool.getDefinition();
        @Nullable PoolResize resize = pool.getResize();
        int leaving = Math.max(0, nodes - definition.getTargetDedicated() - definition.getTargetLowPriority());
        int wereDedicated =
                resize == null ? 0 : Math.max(0, resize.getDedicatedBefore() - definition.getTargetDedicated());
        return Math.min(nodes, definition.getTargetDedicated() + Math.min(leaving, wereDedicated));
    }
}
