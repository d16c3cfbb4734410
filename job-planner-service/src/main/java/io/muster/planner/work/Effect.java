package io.muster.planner.work;

import java.time.Instant;

/** Is what has to be done besides keeping the new state. */
public sealed interface Effect {
    /** Hands the attempt to the gateway. */
    record Deliver(int attempt, Link link, Instant until) implements Effect {}

    /** Asks the decider again at that instant. */
    record AskAgain(Instant at) implements Effect {}

    /** Hands over what else waits for the device: it has room for more, or takes it now. */
    record HandOverNext() implements Effect {}
}
