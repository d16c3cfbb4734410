package io.muster.node.work;

import java.util.Optional;

/** Is an instruction to the node. */
public sealed interface Effect {
    /** Keeps on disk, before anything else is done, that the attempt was taken. */
    record KeepStart(AttemptKey key) implements Effect {}

    /** Keeps on disk, before anything else is done, that its program may run from now on. */
    record KeepLaunch(AttemptKey key) implements Effect {}

    /** Keeps on disk, before anything else is done, how it ended. */
    record KeepEnding(AttemptKey key, Ending ending) implements Effect {}

    /** Fetches its files. Answered with {@link Input.Prepared} or {@link Input.NotStarted}. */
    record Prepare(AttemptKey key, TaskProgram program) implements Effect {}

    /** Starts its program, unless the lease is over by then. Answered with {@link Input.Started} or {@link Input.NotStarted}. */
    record Launch(AttemptKey key) implements Effect {}

    /** Starts its program's command, behind the coordination command. */
    record Proceed(AttemptKey key) implements Effect {}

    /** Has its program end, within its grace. */
    record Stop(AttemptKey key) implements Effect {}

    /** Kills its program. */
    record Kill(AttemptKey key) implements Effect {}

    /** Sends output of that pool's attempts over that connection, first what the hub has not got. */
    record OpenOutput(int connection, String poolId) implements Effect {}

    /** Sends no output until it is opened again. */
    record CloseOutput() implements Effect {}

    /** Drops output that the hub has not got, and what is still to come. */
    record DropOutput(AttemptKey key) implements Effect {}

    /** Ends its preparation, and lets its folder go: it is deleted, or kept for the task's next attempt or its user. */
    record Cancel(AttemptKey key) implements Effect {}

    /** Does what {@link Cancel} does, and removes it from the journal. @param taskIsOver whether its folder is kept for the user alone */
    record Forget(AttemptKey key, boolean taskIsOver) implements Effect {}

    /** Deletes the folders that are kept of tasks of other pools than this; empty where the node is in none. */
    record KeepFoldersOf(Optional<String> poolId) implements Effect {}

    /** Reports to the pool, over that connection and no other. Answered with {@link Input.Said}. */
    record Say(int connection, String poolId, Report report) implements Effect {}

    /** Lets programs run until then. */
    record HoldLease(long until) implements Effect {}

    /** Ends this run of the node's program, and begins another. */
    record Restart() implements Effect {}

    /** Closes that connection. */
    record Disconnect(int connection) implements Effect {}
}
