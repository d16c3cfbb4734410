package io.muster.planner.pool;

/**
 * Says why a command changes nothing.
 *
 * @param sentence for the caller
 */
public record PoolRefusal(Reason reason, String sentence) {
    /** Names a reason. */
    public enum Reason {
        /** Means that another task has that id. */
        ANOTHER_TASK,
        /** Means that the task of that id is to be forgotten, and has not ended. */
        STILL_ENDING,
        /** Means that the pool has no task of that id: it was refused, or is forgotten. */
        NO_SUCH_TASK,
        /** Means that the pool has no node of that id. */
        NO_SUCH_NODE
    }
}
