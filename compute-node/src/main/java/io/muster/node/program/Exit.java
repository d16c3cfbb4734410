package io.muster.node.program;

/**
 * Tells how a program ended.
 *
 * @param code of its first process; 128 and the number of the signal where one ended it
 * @param cause of the end
 * @param droppedBytes how much of its output was beyond its limit
 */
public record Exit(int code, Cause cause, long droppedBytes) {
    /** Names the cause of an end. */
    public enum Cause {
        /** Is the program's own, or somebody else's. */
        ITSELF,
        /** Means that it ran longer than it may. */
        WALL_CLOCK,
        /** Means that it was idle for longer than it may be. */
        IDLE,
        /** Means that it was stopped by {@link Program#stop} or {@link Program#kill}. */
        STOPPED
    }
}
