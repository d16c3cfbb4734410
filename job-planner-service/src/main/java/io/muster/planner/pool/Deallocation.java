package io.muster.planner.pool;

/** Says what becomes of the tasks of a node that is to be empty. Contract: batch, 3.5. */
public enum Deallocation {
    /** Has them stop, and placed again. */
    REQUEUE,
    /** Has them stop and end. */
    TERMINATE,
    /** Waits for their ends. */
    TASK_COMPLETION,
    /** Waits for their ends, as {@link #TASK_COMPLETION}: a node that leaves deletes the directories that it kept. */
    RETAINED_DATA
}
