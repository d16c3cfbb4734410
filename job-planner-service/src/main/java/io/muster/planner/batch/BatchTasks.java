package io.muster.planner.batch;

import io.muster.records.BatchJobTally;
import io.muster.records.BatchTaskRow;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds what a job keeps beside its document. */
public interface BatchTasks {
    /** Returns how far the job is. */
    BatchJobTally tally();

    /** Returns a task. @param taskId in lower case */
    Optional<BatchTaskRow> task(String taskId);

    /** Returns whether what can be waited for has come: see {@link BatchDependencies}. */
    boolean isThere(String name);

    /** Lists tasks that wait for a name, at most so many. */
    List<String> waiting(String name, int most);

    /** Holds some tasks. @param more whether there are others behind them */
    record Page(List<BatchTaskRow> rows, boolean more) {}

    /**
     * Lists tasks in the order of their ids in lower case: at most so many, and fewer where they are large, but one where there is one.
     *
     * @param after the id behind which to begin; null for the first
     */
    Page page(@Nullable String after, int most);
}
