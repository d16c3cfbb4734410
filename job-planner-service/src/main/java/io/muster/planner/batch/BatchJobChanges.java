package io.muster.planner.batch;

import io.muster.records.BatchJobDefinition;
import io.muster.records.ChangeBatchJob;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Changes documents of jobs. Contract: batch, 3.4. */
final class BatchJobChanges {
    private BatchJobChanges() {}

    /** Returns the document with what a change names. */
    static BatchJobDefinition of(BatchJobDefinition before, ChangeBatchJob change) {
        BatchJobDefinition.Builder after = BatchJobDefinition.newBuilder(before);
        Optional.ofNullable(change.getPoolId())
                .filter(id -> !id.equalsIgnoreCase(before.getPoolId()))
                .ifPresent(after::setPoolId);
        Optional.ofNullable(change.getPriority()).ifPresent(after::setPriority);
        Optional.ofNullable(change.getMaxParallelTasks()).ifPresent(after::setMaxParallelTasks);
        Optional.ofNullable(change.getMaxTaskRetries()).ifPresent(after::setMaxTaskRetries);
        Optional.ofNullable(change.getOnAllTasksComplete()).ifPresent(after::setOnAllTasksComplete);
        Optional.ofNullable(change.getMetadata()).ifPresent(after::setMetadata);
        @Nullable Long limit = change.getWallClockMillis();
        if (limit != null) {
            after.setWallClockMillis(limit < 0 ? null : limit);
        }
        return after.build();
    }
}
