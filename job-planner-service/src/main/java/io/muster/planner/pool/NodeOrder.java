package io.muster.planner.pool;

/** Holds an order to a node; it goes over the connection that the node has, and is fenced by its epoch. */
public sealed interface NodeOrder {
    /** Returns the node. */
    String node();

    /** Start the program of an attempt. */
    record Start(String node, Token token) implements NodeOrder {}

    /** Ask the program of an attempt to end, and kill it behind its grace. */
    record Stop(String node, Token token) implements NodeOrder {}

    /** Kill what the pool doesn't know, or has given to others. */
    record Kill(String node, Token token) implements NodeOrder {}

    /** You are of this pool: report. */
    record Join(String node, int gateway, long epoch) implements NodeOrder {}

    /** You are of this pool no more: end what you run for it. */
    record Leave(String node, int gateway, long epoch) implements NodeOrder {}

    /** The report of that number was read: the lease runs from when it was sent. */
    record Grant(String node, long number) implements NodeOrder {}

    /** Close the connection: the node counts again with a new one. */
    record Disconnect(String node, int gateway, long epoch) implements NodeOrder {}
}
