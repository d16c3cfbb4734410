package io.muster.planner.batch;

import io.muster.records.TaskNews;

/** Holds what a job of Batch decides about. */
public sealed interface BatchJobInput {
    /** Asks for a change, or for what is there. @param jobId as the client spelled it @param command of {@code BatchJobCommand} */
    record Asked(String jobId, Object command) implements BatchJobInput {}

    /** Says what became of a task in its pool. */
    record Told(TaskNews news) implements BatchJobInput {}

    /** Says that the next tasks of a job that ends are to be asked to end. */
    record Sweep() implements BatchJobInput {}
}
