package io.muster.api.job;

import io.muster.records.BatchPool;
import io.muster.records.BatchPoolState;
import java.util.Comparator;
import java.util.Locale;

/** Shows pools of Batch, by their ids in lower case. Thread-safe. */
public final class BatchPoolView extends DocumentView<BatchPool> {
    /** Makes an empty one. */
    public BatchPoolView() {
        super(
                pool -> pool.getPoolId().toLowerCase(Locale.ROOT),
                BatchPool::getCreatedAt,
                Comparator.comparing(BatchPool::getCreatedAt).thenComparing(BatchPool::getRevision));
    }

    @Override
    boolean isEnding(BatchPool document) {
        return document.getState() == BatchPoolState.DELETING;
    }
}
