package io.muster.node.work;

/** Is an attempt that the node holds: Preparing → Ready → Launching → Running → Over; one with a coordination command goes from Running to Coordinated and back. */
sealed interface Held {
    /** Waits for its files. */
    record Preparing() implements Held {}

    /** Waits for the lease, and for slots. @param since when its files were there */
    record Ready(long since) implements Held {}

    /** Starts its program. @param asked what was asked of it meanwhile */
    record Launching(Asked asked) implements Held {}

    /** Runs its program. @param said whether the hub has the report of that */
    record Running(Asked asked, boolean said) implements Held {}

    /** Has run its coordination command, and waits for the order to proceed. @param said whether the hub has the report of that */
    record Coordinated(boolean said) implements Held {}

    /** Has ended. */
    record Over(Ending ending, Delivery delivery) implements Held {}

    /** Says what was asked of a program. A later value prevails. */
    enum Asked {
        NOTHING,
        STOP,
        KILL,
        /** Kills it because of the lease, or of the node's end. */
        FENCE;

        Asked or(Asked other) {
            return compareTo(other) >= 0 ? this : other;
        }
    }

    /** Says how far the report of an end is. */
    enum Delivery {
        /** Waits until the hub has all output. */
        OUTPUT,
        /** Waits to be said. */
        UNSAID,
        /** Waits for the pool's acknowledgement. */
        SAID
    }
}
