package io.muster.service.coordinator;

import java.time.Duration;
import java.time.Instant;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Batches a task's commits, together with those of the other tasks of its stream thread: all tasks of a thread write in one transaction, which ends
 * when one of them asks for it. {@link CommitBatch} says when. For one task.
 */
public final class CommitBatching {
    /** Lets each task of a thread ask in the same pass, so that one transaction ends and not one a task. */
    private static final ThreadLocal<CommitBatch> OF_THREAD = ThreadLocal.withInitial(CommitBatch::new);

    private final ProcessorContext<?, ?> context;
    private final Runnable beforeCommit;
    /** Says whether this task has worked since it last asked for a commit. */
    private boolean pending = true;

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
        OF_THREAD.get().begin();
        // Anchored, so that the polls of all tasks of a thread fall into one pass.
        context.schedule(
                Instant.EPOCH, Duration.ofMillis(CommitBatch.POLL_MS), PunctuationType.WALL_CLOCK_TIME, batching::poll);
        return batching;
    }

    /** Notes work: to be called behind each record, and by each timer that did something. */
    public void worked() {
        pending = true;
        if (OF_THREAD.get().worked()) {
            commit();
        }
    }

    private void poll(long now) {
        CommitBatch batch = OF_THREAD.get();
        boolean due = batch.poll(now);
        if (pending && due) {
            commit();
        } else if (pending) {
            batch.hold();
        }
    }

    private void commit() {
        pending = false;
        beforeCommit.run();
        context.commit();
    }
}
