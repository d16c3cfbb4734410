package io.muster.planner.pool;

/**
 * Numbers the attempts of a task, as clients of Batch see them. Contract: batch, 3.2.
 *
 * @param systemVersion how often it was placed again for a reason that isn't the task's: a node was lost, or a user requeued it
 * @param requeues how often a user had it placed again
 * @param retries how often it was placed again because it failed
 */
public record Attempt(int systemVersion, int requeues, int retries) {
    /** Is the first one. */
    public static final Attempt FIRST = new Attempt(0, 0, 0);

    Attempt retried() {
        return new Attempt(systemVersion, requeues, retries + 1);
    }

    Attempt recovered() {
        return new Attempt(systemVersion + 1, requeues, retries);
    }

    Attempt requeued() {
        return new Attempt(systemVersion + 1, requeues + 1, retries);
    }
}
