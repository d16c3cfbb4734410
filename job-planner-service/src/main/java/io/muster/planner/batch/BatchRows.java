package io.muster.planner.batch;

import io.muster.records.BatchJob;
import io.muster.records.BatchJobBegun;
import io.muster.records.BatchJobEvent;
import io.muster.records.BatchJobGone;
import io.muster.records.BatchJobMoved;
import io.muster.records.BatchJobRevised;
import io.muster.records.BatchJobState;
import io.muster.records.BatchJobSwept;
import io.muster.records.BatchJobTally;
import io.muster.records.BatchSubtasksMoved;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskBegan;
import io.muster.records.BatchTaskCounts;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskDepends;
import io.muster.records.BatchTaskFinished;
import io.muster.records.BatchTaskJoined;
import io.muster.records.BatchTaskQueued;
import io.muster.records.BatchTaskReactivated;
import io.muster.records.BatchTaskReturned;
import io.muster.records.BatchTaskRevised;
import io.muster.records.BatchTaskRow;
import io.muster.records.BatchTaskState;
import io.muster.records.BatchTaskStopping;
import io.muster.records.BatchTasksFreeing;
import io.muster.records.BatchTasksMoving;
import io.muster.records.ExitConditions;
import io.muster.records.MultiInstance;
import io.muster.records.TaskAttempt;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes a job's document, its tasks and its tally by events. */
public final class BatchRows {
    /** Is about how many characters a task has beside those that its user can make more. */
    private static final long FACTS = 1000;

    private static final long PART = 20;
    private static final long SUBTASK = 300;

    private BatchRows() {}

    /** Returns the document behind an event; the same where it doesn't change; null where the job is gone. */
    public static @Nullable BatchJob job(@Nullable BatchJob job, BatchJobEvent event) {
        @Nullable BatchJob after = job;
        for (Object part : event.getEvents()) {
            after = switch (part) {
                case BatchJobBegun begun -> begun(event, begun);
                case BatchJobRevised revised ->
                    changed(known(after), event.getAt())
                            .setDefinition(revised.getDefinition())
                            .build();
                case BatchJobMoved moved -> moved(known(after), moved, event.getAt());
                case BatchJobGone _ -> null;
                default -> after;
            };
        }
        return after;
    }

    private static BatchJob begun(BatchJobEvent event, BatchJobBegun begun) {
        return BatchJob.newBuilder()
                .setJobId(event.getJobId())
                .setRevision(1)
                .setDefinition(begun.getDefinition())
                .setOrder(begun.getOrder())
                .setState(BatchJobState.ACTIVE)
                .setCreatedAt(event.getAt())
                .setChangedAt(event.getAt())
                .setStateSince(event.getAt())
                .setStartedAt(event.getAt())
                .build();
    }

    private static BatchJob known(@Nullable BatchJob job) {
        if (job == null) {
            throw new IllegalStateException("There is no job to change.");
        }
        return job;
    }

    private static BatchJob.Builder changed(BatchJob job, Instant at) {
        return BatchJob.newBuilder(job).setRevision(job.getRevision() + 1).setChangedAt(at);
    }

    private static BatchJob moved(BatchJob job, BatchJobMoved moved, Instant at) {
        BatchJob.Builder after = changed(job, at)
                .setState(moved.getState())
                .setDisabled(moved.getState() == BatchJobState.DISABLED ? job.getDisabled() : moved.getTasks())
                .setStateSince(at)
                .setPreviousState(job.getState())
                .setPreviousStateSince(job.getStateSince());
        if (moved.getReason() != null) {
            after.setTerminateReason(moved.getReason());
        }
        if (moved.getState() == BatchJobState.COMPLETED) {
            after.setEndedAt(at);
        }
        return after.build();
    }

    /** Returns the id of the task, in lower case, that a part of an event changes; null where it changes none. */
    public static @Nullable String taskOf(Object part) {
        return switch (part) {
            case BatchTaskJoined joined -> BatchIds.key(joined.getDefinition().getTaskId());
            case BatchTaskQueued queued -> queued.getTaskId();
            case BatchTaskDepends depends -> depends.getTaskId();
            case BatchTaskBegan began -> began.getTaskId();
            case BatchSubtasksMoved moved -> moved.getTaskId();
            case BatchTaskReturned returned -> returned.getTaskId();
            case BatchTaskFinished finished -> finished.getTaskId();
            case BatchTaskRevised revised -> revised.getTaskId();
            case BatchTaskStopping stopping -> stopping.getTaskId();
            case BatchTaskReactivated reactivated -> reactivated.getTaskId();
            case io.muster.records.BatchTaskGone gone -> gone.getTaskId();
            default -> null;
        };
    }

    /** Returns a task behind a part of an event that changes it; null where it is gone. @param before null where it joins */
    public static @Nullable BatchTaskRow task(@Nullable BatchTaskRow before, String jobId, Object part, Instant at) {
        if (part instanceof BatchTaskJoined joined) {
            return new BatchTaskRow(joined(jobId, joined, at), null, false, 0L, null, 0L);
        }
        if (before == null || part instanceof io.muster.records.BatchTaskGone) {
            return null;
        }
        BatchTask task = before.getTask();
        return switch (part) {
            case BatchTaskQueued queued ->
                new BatchTaskRow(task, queued.getPoolId(), false, queued.getNumber(), null, before.getCome());
            case BatchTaskDepends depends ->
                new BatchTaskRow(task, null, false, before.getNumber(), depends.getWaitsFor(), depends.getCome());
            case BatchTaskStopping _ ->
                BatchTaskRow.newBuilder(before).setStopping(true).build();
            case BatchTaskBegan began -> with(before, began(before, began, or(began.getStartedAt(), at)));
            case BatchSubtasksMoved moved ->
                with(
                        before,
                        BatchTask.newBuilder(task)
                                .setSubtasks(
                                        BatchSubtasks.with(task.getSubtasks(), moved.getSubtasks(), moved.getBegins()))
                                .build());
            case BatchTaskReturned returned ->
                with(before, returned(task, returned.getAttempt(), or(returned.getSince(), at)));
            case BatchTaskFinished finished ->
                new BatchTaskRow(
                        finished(task, finished, or(finished.getEndedAt(), at)),
                        null,
                        false,
                        before.getNumber(),
                        null,
                        before.getCome());
            case BatchTaskRevised revised -> with(before, revised(task, revised, at));
            case BatchTaskReactivated _ -> with(before, reactivated(task, at));
            default -> before;
        };
    }

    private static BatchTaskRow with(BatchTaskRow row, BatchTask task) {
        return BatchTaskRow.newBuilder(row).setTask(task).build();
    }

    /** Returns when a pool decided so; a job hears of it later. */
    private static Instant or(@Nullable Instant decided, Instant heard) {
        return decided == null ? heard : decided;
    }

    private static BatchTask joined(String jobId, BatchTaskJoined joined, Instant at) {
        return BatchTask.newBuilder()
                .setJobId(jobId)
                .setDefinition(joined.getDefinition())
                .setType(joined.getType())
                .setRevision(1)
                .setState(BatchTaskState.ACTIVE)
                .setCreatedAt(at)
                .setChangedAt(at)
                .setStateSince(at)
                .setAttempt(new TaskAttempt(0, 0, 0))
                .build();
    }

    private static BatchTask.Builder changed(BatchTask task, Instant at) {
        return BatchTask.newBuilder(task).setRevision(task.getRevision() + 1).setChangedAt(at);
    }

    private static BatchTask.Builder moved(BatchTask task, BatchTaskState state, Instant at) {
        return changed(task, at)
                .setState(state)
                .setStateSince(at)
                .setPreviousState(task.getState())
                .setPreviousStateSince(task.getStateSince());
    }

    private static BatchTask began(BatchTaskRow row, BatchTaskBegan began, Instant at) {
        return attempted(moved(row.getTask(), BatchTaskState.RUNNING, at), row.getTask(), began.getAttempt(), at)
                .setPoolId(row.getQueuedIn())
                .setNodeId(began.getNodeId())
                .setToken(began.getToken())
                .setStartedAt(at)
                .build();
    }

    private static BatchTask returned(BatchTask task, TaskAttempt attempt, Instant at) {
        return attempted(moved(task, BatchTaskState.ACTIVE, at), task, attempt, at)
                .build();
    }

    /** Sets the numbers of an attempt, and when one of them has grown. */
    private static BatchTask.Builder attempted(
            BatchTask.Builder after, BatchTask before, TaskAttempt attempt, Instant at) {
        if (attempt.getRetries() > before.getAttempt().getRetries()) {
            after.setLastRetryAt(at);
        }
        if (attempt.getRequeues() > before.getAttempt().getRequeues()) {
            after.setLastRequeueAt(at);
        }
        return after.setAttempt(attempt);
    }

    private static BatchTask finished(BatchTask task, BatchTaskFinished finished, Instant at) {
        BatchTask.Builder after = moved(task, BatchTaskState.COMPLETED, at)
                .setEndedAt(at)
                .setExitCode(finished.getExitCode())
                .setFailure(finished.getFailure())
                .setSucceeded(finished.getFailure() == null);
        if (finished.getAttempt() != null) {
            attempted(after, task, finished.getAttempt(), at);
        }
        if (finished.getStartedAt() != null) {
            after.setStartedAt(finished.getStartedAt());
        }
        return after.build();
    }

    private static BatchTask revised(BatchTask task, BatchTaskRevised revised, Instant at) {
        return changed(task, at)
                .setDefinition(BatchTaskDefinition.newBuilder(task.getDefinition())
                        .setConstraints(revised.getConstraints())
                        .build())
                .build();
    }

    private static BatchTask reactivated(BatchTask task, Instant at) {
        return moved(task, BatchTaskState.ACTIVE, at)
                .setAttempt(new TaskAttempt(0, 0, 0))
                .setLastRetryAt(null)
                .setLastRequeueAt(null)
                .setNodeId(null)
                .setPoolId(null)
                .setToken(null)
                .setStartedAt(null)
                .setEndedAt(null)
                .setExitCode(null)
                .setFailure(null)
                .setSucceeded(null)
                .setSubtasks(List.of())
                .build();
    }

    /** Returns the tally of a job that has no task. */
    public static BatchJobTally empty() {
        return new BatchJobTally(
                new BatchTaskCounts(0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L),
                0L,
                null,
                false,
                0L,
                0L,
                List.of(),
                null,
                null);
    }

    /** Returns the tally behind a change of a task. */
    public static BatchJobTally tally(
            BatchJobTally tally, @Nullable BatchTaskRow before, @Nullable BatchTaskRow after) {
        BatchTaskCounts.Builder counts = BatchTaskCounts.newBuilder(tally.getCounts());
        count(counts, before, -1);
        count(counts, after, 1);
        long queued = tally.getQueued() + (isQueued(after) ? 1 : 0) - (isQueued(before) ? 1 : 0);
        return BatchJobTally.newBuilder(tally)
                .setCounts(counts.build())
                .setQueued(queued)
                .setStopping(tally.getStopping() + stopping(after) - stopping(before))
                .setLastNumber(Math.max(tally.getLastNumber(), after == null ? 0 : after.getNumber()))
                .build();
    }

    /** Returns the tally behind a step of a sweep. */
    public static BatchJobTally swept(BatchJobTally tally, BatchJobSwept swept) {
        return BatchJobTally.newBuilder(tally)
                .setSweptUpTo(swept.getUpTo())
                .setSwept(swept.getUpTo() == null)
                .build();
    }

    /** Returns the tally of a job of which more, or no more, wait for what has come. */
    public static BatchJobTally freeing(BatchJobTally tally, BatchTasksFreeing freeing) {
        List<String> names = new ArrayList<>(tally.getFreeing());
        names.remove(freeing.getWaitedFor());
        if (!freeing.getOver()) {
            names.add(freeing.getWaitedFor());
        }
        return BatchJobTally.newBuilder(tally).setFreeing(names).build();
    }

    /** Returns the tally of a job whose tasks go to another pool, or have all gone. */
    public static BatchJobTally moving(BatchJobTally tally, BatchTasksMoving moving) {
        return BatchJobTally.newBuilder(tally)
                .setMovingFrom(moving.getOver() ? null : moving.getFrom())
                .setMovedUpTo(moving.getOver() ? null : moving.getUpTo())
                .build();
    }

    private static int stopping(@Nullable BatchTaskRow row) {
        return row != null && row.getStopping() ? 1 : 0;
    }

    private static boolean isQueued(@Nullable BatchTaskRow row) {
        return row != null && row.getQueuedIn() != null;
    }

    private static void count(BatchTaskCounts.Builder counts, @Nullable BatchTaskRow row, int by) {
        if (row == null) {
            return;
        }
        long slots = (long) by * row.getTask().getDefinition().getRequiredSlots();
        switch (row.getTask().getState()) {
            case ACTIVE -> {
                counts.setActive(counts.getActive() + by);
                counts.setActiveSlots(counts.getActiveSlots() + slots);
            }
            case PREPARING, RUNNING -> {
                counts.setRunning(counts.getRunning() + by);
                counts.setRunningSlots(counts.getRunningSlots() + slots);
            }
            case COMPLETED ->
                completed(counts, Boolean.TRUE.equals(row.getTask().getSucceeded()), by, slots);
        }
    }

    private static void completed(BatchTaskCounts.Builder counts, boolean succeeded, int by, long slots) {
        counts.setCompleted(counts.getCompleted() + by);
        counts.setCompletedSlots(counts.getCompletedSlots() + slots);
        if (succeeded) {
            counts.setSucceeded(counts.getSucceeded() + by);
            counts.setSucceededSlots(counts.getSucceededSlots() + slots);
        } else {
            counts.setFailed(counts.getFailed() + by);
            counts.setFailedSlots(counts.getFailedSlots() + slots);
        }
    }

    /** Returns about how many characters a task has, so that pages of them stay within bounds. */
    public static long characters(BatchTaskRow row) {
        BatchTaskDefinition task = row.getTask().getDefinition();
        long pairs = task.getEnvironment().stream()
                .mapToLong(each -> each.getName().length() + each.getValue().length())
                .sum();
        long ids = task.getDependsOn().stream().mapToLong(String::length).sum();
        @Nullable ExitConditions conditions = task.getExitConditions();
        @Nullable MultiInstance gang = task.getMultiInstance();
        return FACTS
                + (gang == null ? 0 : gang.getCoordinationCommandLine().length())
                + SUBTASK * row.getTask().getSubtasks().size()
                + task.getCommandLine().length()
                + pairs
                + BatchFiles.characters(task.getFiles())
                + ids
                + PART
                        * (task.getEnvironment().size()
                                + task.getDependsOn().size()
                                + task.getDependsOnRanges().size()
                                + (conditions == null
                                        ? 0
                                        : conditions.getCodes().size()));
    }
}
