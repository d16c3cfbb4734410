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

    /** Close the connection: the node counts again with a new one. */
    record Disconnect(String node, int gateway, long epoch) implements NodeOrder {}
}
