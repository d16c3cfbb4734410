package io.muster.service.coordinator;

import java.time.Duration;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Batches a task's commits. The first record after an idle period is committed at once; records that follow closely are committed together at
 * the next poll without work, or after {@value #MOST_POLLS} polls. So a single record waits for nothing, and a flood shares its commits, whose
 * cost is by the commit and not by the record. For one task.
 */
public final class CommitBatching {
    private static final Duration POLL = Duration.ofMillis(5);
    private static final int MOST_POLLS = 10;

    private final ProcessorContext<?, ?> context;
    private final Runnable beforeCommit;
    private boolean open = true;
    private int pollsOpen;
    private boolean workedSincePoll;
    private int pollsIdle;

    private CommitBatching(ProcessorContext<?, ?> context, Runnable beforeCommit) {
        this.context = context;
        this.beforeCommit = beforeCommit;
    }

    /** Begins to batch the commits of a processor, from its {@code init}. */
    public static CommitBatching of(ProcessorContext<?, ?> context) {
        return of(context, () -> {});
    }

    /** Begins to batch the commits of a processor, from its {@code init}. @param beforeCommit runs before each commit, and may forward; the first batch begins with the processor */
    public static CommitBatching of(ProcessorContext<?, ?> context, Runnable beforeCommit) {
        CommitBatching batching = new CommitBatching(context, beforeCommit);
        context.schedule(POLL, PunctuationType.WALL_CLOCK_TIME, _ -> batching.poll());
        return batching;
    }

    /** Notes work: to be called behind each record, and by each timer that did something. */
    public void worked() {
        workedSincePoll = true;
        if (pollsIdle >= MOST_POLLS) {
            commit();
        } else {
            open = true;
        }
        pollsIdle = 0;
    }

    private void poll() {
        if (open && (!workedSincePoll || ++pollsOpen >= MOST_POLLS)) {
            commit();
        }
        pollsIdle = workedSincePoll ? 0 : pollsIdle + 1;
        workedSincePoll = false;
    }

    private void commit() {
        beforeCommit.run();
        context.commit();
        open = false;
        pollsOpen = 0;
    }
}
