package io.muster.node.wire;

import io.muster.node.work.AttemptKey;
import io.muster.node.work.Ending;

/** Is an entry of a node's journal: the state of an attempt. */
public sealed interface Kept {
    /** Returns the attempt. */
    AttemptKey key();

    /** Says that it was taken. */
    record Taken(AttemptKey key) implements Kept {}

    /** Says that its program may have run. */
    record Launched(AttemptKey key) implements Kept {}

    /** Says how it ended. */
    record Ended(AttemptKey key, Ending ending) implements Kept {}
}
