package io.muster.node.work;

/** Is an input of the node's decisions. */
public sealed interface Input {
    /** Says that a connection has ended. @param connection its number: later ones have greater numbers */
    record Disconnected(int connection) implements Input {}

    /** Says that a pool ordered something, over that connection. */
    record Ordered(int connection, Order order) implements Input {}

    /** Says that its files are there, and its program can be started. */
    record Prepared(AttemptKey key) implements Input {}

    /** Says that its program runs. */
    record Started(AttemptKey key) implements Input {}

    /** Says that its program's coordination command has ended with 0: it waits for the order to proceed. */
    record Coordinated(AttemptKey key) implements Input {}

    /** Says that its program was not started, and won't be. */
    record NotStarted(AttemptKey key, String detail) implements Input {}

    /** Says that its program has ended, with all that it started. */
    record Ended(AttemptKey key, Ending ending) implements Input {}

    /** Says that the hub has all of its output. */
    record Delivered(AttemptKey key) implements Input {}

    /** Says whether the hub has a report. */
    record Said(int connection, String poolId, Report report, boolean acknowledged) implements Input {}

    /** Says what the node can do now. */
    record FactsFound(NodeFacts facts) implements Input {}

    /** Says that time has passed; several times a second. */
    record Tick() implements Input {}

    /** Says that the node's program is to end. */
    record Shutdown() implements Input {}
}
