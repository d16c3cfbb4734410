package io.muster.planner.pool;

import java.util.OptionalInt;

/**
 * Says how a task ended.
 *
 * @param exitCode of its program, or of its primary's; empty where it never ended by itself as far as is known
 * @param detail a sentence for users; empty where the rest says all
 */
public record Outcome(Result result, OptionalInt exitCode, String detail) {
    /** Names a result. */
    public enum Result {
        SUCCEEDED,
        FAILED,
        /** Means that a user stopped it. */
        STOPPED,
        /** Means that it ran for longer than it may. */
        TIMED_OUT,
        /** Means that it was idle for longer than it may be. */
        IDLE,
        /** Means that its node was lost, and it may not be placed again. */
        ABORTED
    }

    public static Outcome without(Result result) {
        return new Outcome(result, OptionalInt.empty(), "");
    }
}
