package io.muster.service.coordinator;

/**
 * Decides when the work of a stream thread is committed. The first record after an idle period is committed at once; records that follow closely
 * are committed together at the next poll without work, or after {@value #MOST_POLLS} polls. So a single record waits for nothing, and a flood
 * shares its commits, whose cost is by the commit and not by the record. Every task of the thread polls; polls within {@value #POLL_MS} ms are one.
 */
final class CommitBatch {
    static final long POLL_MS = 5;
    private static final int MOST_POLLS = 10;
    /** Says after how many polls without work a record counts as the first: fewer than lie between two hops of a lone job through the same thread. */
    private static final int IDLE_POLLS = 4;

    private long polledAt;
    private boolean open;
    private boolean due;
    private boolean workedSincePoll;
    private int pollsOpen;
    private int pollsIdle;

    /** Begins a batch, for a task that begins. */
    void begin() {
        open = true;
        pollsIdle = 0;
    }

    /** Notes work. Returns whether it is committed at once. */
    boolean worked() {
        boolean atOnce = pollsIdle >= IDLE_POLLS;
        workedSincePoll = true;
        pollsIdle = 0;
        open |= !atOnce;
        return atOnce;
    }

    /** Keeps the batch open for a task that has not been committed. */
    void hold() {
        open = true;
    }

    /** Returns whether the work of a task that polls is to be committed. @param now in milliseconds */
    boolean poll(long now) {
        if (now < polledAt || now - polledAt >= POLL_MS) {
            polledAt = now;
            due = open && (!workedSincePoll || ++pollsOpen >= MOST_POLLS);
            if (due) {
                open = false;
                pollsOpen = 0;
            }
            pollsIdle = workedSincePoll ? 0 : pollsIdle + 1;
            workedSincePoll = false;
        }
        return due;
    }
}
