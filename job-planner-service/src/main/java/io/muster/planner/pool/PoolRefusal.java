package io.muster.planner.pool;

/**
 * Tells why a command changes nothing.
 *
 * @param sentence for whoever asked
 */
public record PoolRefusal(Reason reason, String sentence) {
    /** Names a reason. */
    public enum Reason {
        /** Another task has that id. */
        ANOTHER_TASK,
        /** The task of that id is to be forgotten, and has not ended. */
        STILL_ENDING,
        /** The pool has no task of that id: it was refused, or is forgotten. */
        NO_SUCH_TASK,
        /** The pool has no node of that id. */
        NO_SUCH_NODE
    }
}
