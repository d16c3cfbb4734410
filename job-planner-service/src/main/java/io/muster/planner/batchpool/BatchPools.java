package io.muster.planner.batchpool;

import io.muster.document.DedicatedNodes;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.BatchPoolState;

/** Reads documents of pools. */
public final class BatchPools {
    private BatchPools() {}

    /** Returns how many nodes a pool is to have. */
    public static int target(BatchPool pool) {
        return pool.getState() == BatchPoolState.DELETING ? 0 : target(pool.getDefinition());
    }

    static int target(BatchPoolDefinition definition) {
        return definition.getTargetDedicated() + definition.getTargetLowPriority();
    }

    /** Returns how many of its nodes count as dedicated. */
    public static int dedicated(BatchPool pool) {
        return DedicatedNodes.of(pool, pool.getNodes());
    }

    /** Returns how many of its nodes count as low-priority ones. */
    public static int lowPriority(BatchPool pool) {
        return pool.getNodes() - dedicated(pool);
    }
}
