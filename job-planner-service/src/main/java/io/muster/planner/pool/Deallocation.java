package io.muster.planner.pool;

/** Says what becomes of the tasks of a node that is to be empty. Contract: batch, 3.5. */
public enum Deallocation {
    /** Has them stop, and placed again. */
    REQUEUE,
    /** Has them stop and end. */
    TERMINATE,
    /** Waits for their ends. */
    TASK_COMPLETION,
    /** Waits for their ends, and until what they left is not to be kept any more. Nodes keep nothing of an attempt whose end is acknowledged. */
    RETAINED_DATA
}
