package io.muster.planner.pool;

/**
 * Numbers the attempts of a task, as clients of Batch see them: no two that are placed have the same numbers. Contract: batch, 3.2.
 *
 * @param systemVersion how often it was placed again for a reason that isn't the task's: a node was lost, an order never came, or a user requeued it
 * @param requeues how often a user had it placed again
 * @param retries how often it was placed again because it failed
 * @param neverBegan how often its order never came to a node
 */
public record Attempt(int systemVersion, int requeues, int retries, int neverBegan) {
    /** Is the first one. */
    public static final Attempt FIRST = new Attempt(0, 0, 0);

    /** Makes one whose orders all came to their nodes. */
    public Attempt(int systemVersion, int requeues, int retries) {
        this(systemVersion, requeues, retries, 0);
    }

    Attempt retried() {
        return new Attempt(systemVersion, requeues, retries + 1, neverBegan);
    }

    Attempt recovered() {
        return new Attempt(systemVersion + 1, requeues, retries, neverBegan);
    }

    /** Returns the one behind an order that never came: the task may be placed so as often as it takes. */
    Attempt orderedAgain() {
        return new Attempt(systemVersion + 1, requeues, retries, neverBegan + 1);
    }

    Attempt requeued() {
        return new Attempt(systemVersion + 1, requeues + 1, retries, neverBegan);
    }

    /** Returns how often it was placed again because a node was lost. */
    int recoveries() {
        return systemVersion - requeues - neverBegan;
    }
}
