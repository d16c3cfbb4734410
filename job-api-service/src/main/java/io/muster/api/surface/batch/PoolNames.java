package io.muster.api.surface.batch;

import io.muster.api.compute.NodeView;
import io.muster.api.job.BatchPoolView;
import io.muster.records.BatchPool;
import java.util.Locale;

/** Spells ids of pools as the pools have them: ids that differ in the case of letters alone are the same. */
final class PoolNames {
    private PoolNames() {}

    /** Returns the id as the pool has it; as it is where there is no such pool. */
    static String spelled(BatchPoolView pools, NodeView nodes, String poolId) {
        return pools.get(poolId.toLowerCase(Locale.ROOT))
                .map(BatchPool::getPoolId)
                .or(() -> nodes.spelled(poolId))
                .orElse(poolId);
    }
}
