package io.muster.node.work;

import java.time.Duration;

/** Is an order of a pool. */
public sealed interface Order {
    /** Returns the pool that orders it. */
    String poolId();

    /** Says that the node is of this pool. */
    record Join(String poolId, Duration lease) implements Order {}

    /** Says that the node is of this pool no more. */
    record Leave(String poolId) implements Order {}

    /** Says that the report of that number was read. */
    record Lease(String poolId, long number) implements Order {}

    /** Says that a program is to start as soon as so many slots are free. */
    record Start(String poolId, Token token, int slots, TaskProgram program) implements Order {}

    /** Stands for an order to start whose program can't be read. */
    record StartUnreadable(String poolId, Token token, String reason) implements Order {}

    /** Says that the command of a program is to run, behind its coordination command. */
    record Proceed(String poolId, Token token) implements Order {}

    /** Says that a program is to end within its grace. */
    record Stop(String poolId, Token token) implements Order {}

    /** Says that a program is to be killed. */
    record Kill(String poolId, Token token) implements Order {}

    /** Says that this run of the node's program is to end, and another to begin. */
    record Restart(String poolId, String boot) implements Order {}

    /** Says that the exit was read. @param again whether the task's next attempt may be on this node */
    record Acknowledge(String poolId, Token token, boolean again) implements Order {}
}
