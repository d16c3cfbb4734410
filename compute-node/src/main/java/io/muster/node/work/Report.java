package io.muster.node.work;

import java.util.List;

/** Is a report of a node to its pool. */
public sealed interface Report {
    /** Says that the node lives. @param holding attempts that it runs, and those whose exit was not acknowledged */
    record Node(long number, String boot, NodeFacts facts, List<Token> holding) implements Report {
        /** Makes one of a copy. */
        public Node {
            holding = List.copyOf(holding);
        }
    }

    /** Says that a program runs. */
    record Started(Token token) implements Report {}

    /** Says that the coordination command of a program has ended with 0. */
    record Coordinated(Token token) implements Report {}

    /** Says that a program has ended, with all that it started. */
    record Exited(Token token, Ending ending) implements Report {}
}
