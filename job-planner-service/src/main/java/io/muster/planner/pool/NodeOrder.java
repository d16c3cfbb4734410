package io.muster.planner.pool;

/** Holds an order to a node; it goes over the connection that the node has, and is fenced by its epoch. */
public sealed interface NodeOrder {
    /** Returns the node. */
    String node();

    /** Orders to start the program of an attempt. */
    record Start(String node, Token token) implements NodeOrder {}

    /** Orders to run the command of an attempt, behind its coordination command. */
    record Proceed(String node, Token token) implements NodeOrder {}

    /** Orders to ask the program of an attempt to end, and to kill it behind its grace. */
    record Stop(String node, Token token) implements NodeOrder {}

    /** Orders to kill an attempt that the pool doesn't know, or has given to others. */
    record Kill(String node, Token token) implements NodeOrder {}

    /** Says that the node is of this pool, and is to report. */
    record Join(String node, int gateway, long epoch) implements NodeOrder {}

    /** Says that the node is of this pool no more, and is to end its programs for it. */
    record Leave(String node, int gateway, long epoch) implements NodeOrder {}

    /** Says that the report of that number was read: the lease runs from when it was sent. */
    record Grant(String node, long number) implements NodeOrder {}

    /** Orders the device's partition to name another pool in the device's tags, if they still name this one. */
    record MoveTo(String node, String pool) implements NodeOrder {}

    /** Orders the node's program to start anew. @param boot the run that is to end */
    record Restart(String node, String boot) implements NodeOrder {}

    /** Orders to close the connection: the node counts again with a new one. */
    record Disconnect(String node, int gateway, long epoch) implements NodeOrder {}
}
