package io.muster.planner.pool;

/**
 * Says that a node gets nothing more, since it is to go when it is empty.
 *
 * @param tasks what becomes of those that it runs
 * @param released whether it is empty, and was told to go
 */
public record Departure(Goal goal, Deallocation tasks, boolean released) {
    /** Says where a node goes. */
    public sealed interface Goal {
        /** Means another pool. */
        record OtherPool(String id) implements Goal {}

        /** Means a new run of the node's program. @param boot that ends */
        record NewRun(String boot) implements Goal {}
    }

    Departure asReleased() {
        return new Departure(goal, tasks, true);
    }

    /** Returns whether it can be called off: nothing was stopped for it, and the node was not told. */
    boolean waits() {
        return !released && (tasks == Deallocation.TASK_COMPLETION || tasks == Deallocation.RETAINED_DATA);
    }
}
