package io.muster.api.job;

import io.muster.records.BatchJob;
import io.muster.records.BatchJobState;
import java.util.Comparator;
import java.util.Locale;

/** Shows jobs of Batch, by their ids in lower case. Thread-safe. */
public final class BatchJobView extends DocumentView<BatchJob> {
    /** Makes an empty one. */
    public BatchJobView() {
        super(
                job -> job.getJobId().toLowerCase(Locale.ROOT),
                BatchJob::getCreatedAt,
                Comparator.comparing(BatchJob::getCreatedAt).thenComparing(BatchJob::getRevision));
    }

    @Override
    boolean isEnding(BatchJob document) {
        return document.getState() == BatchJobState.DELETING;
    }
}
