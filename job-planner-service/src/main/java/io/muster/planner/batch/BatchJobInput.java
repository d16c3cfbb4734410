package io.muster.planner.batch;

import io.muster.records.FiringOrder;
import io.muster.records.TaskNews;
import org.jspecify.annotations.Nullable;

/** Holds what a job of Batch decides about. */
public sealed interface BatchJobInput {
    /**
     * Asks for a change, or for what is there.
     *
     * @param jobId as the client spelled it
     * @param command of {@code BatchJobCommand}
     * @param order of the schedule's firing that adds the job; null of all others
     */
    record Asked(String jobId, Object command, @Nullable FiringOrder order) implements BatchJobInput {}

    /** Says what became of a task in its pool. */
    record Told(TaskNews news) implements BatchJobInput {}

    /** Says that the next tasks of a job that ends are to be asked to end. */
    record Sweep() implements BatchJobInput {}
}
