package io.muster.api;

import io.muster.api.job.BatchJobView;
import io.muster.records.AddBatchJob;
import io.muster.records.AddBatchTasks;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchJobState;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchRefused;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskAdded;
import io.muster.records.BatchTaskCounts;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskDeleted;
import io.muster.records.BatchTaskPage;
import io.muster.records.BatchTaskState;
import io.muster.records.BatchTasksAdded;
import io.muster.records.ChangeBatchJob;
import io.muster.records.ChangeBatchTask;
import io.muster.records.CountBatchTasks;
import io.muster.records.DeleteBatchJob;
import io.muster.records.DeleteBatchTask;
import io.muster.records.DisableBatchJob;
import io.muster.records.EnableBatchJob;
import io.muster.records.ListBatchTasks;
import io.muster.records.ReactivateBatchTask;
import io.muster.records.ReadBatchTask;
import io.muster.records.TaskAttempt;
import io.muster.records.TerminateBatchJob;
import io.muster.records.TerminateBatchTask;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Plays the planner's jobs of Batch without Kafka, as far as their surface shows them. Their rules are the planner's, and tested there. */
final class BatchJobsDouble {
    /** Bounds pages below what is asked for, as the planner may. */
    static final int PAGE = 7;

    private final BatchJobView jobs;
    private final NavigableMap<String, NavigableMap<String, BatchTask>> tasks = new TreeMap<>();
    final List<Object> commands = new ArrayList<>();

    BatchJobsDouble(BatchJobView jobs) {
        this.jobs = jobs;
    }

    synchronized Object take(String jobId, Object command) {
        commands.add(command);
        String key = jobId.toLowerCase(Locale.ROOT);
        @Nullable BatchJob job = jobs.get(key).orElse(null);
        if (command instanceof AddBatchJob add) {
            return job == null
                    ? put(add(jobId, add.getDefinition()))
                    : refused(BatchRefusalReason.JOB_EXISTS, "There is such a job.");
        }
        return job == null
                ? refused(BatchRefusalReason.JOB_NOT_FOUND, "There is no job " + jobId + ".")
                : take(job, tasks.computeIfAbsent(key, _ -> new TreeMap<>()), command);
    }

    private Object take(BatchJob job, NavigableMap<String, BatchTask> own, Object command) {
        return switch (command) {
            case ChangeBatchJob change -> put(changed(job, change));
            case DisableBatchJob _ -> put(moved(job, BatchJobState.DISABLED));
            case EnableBatchJob _ -> put(moved(job, BatchJobState.ACTIVE));
            case TerminateBatchJob terminate ->
                put(BatchJob.newBuilder(moved(job, BatchJobState.TERMINATING))
                        .setTerminateReason(terminate.getReason())
                        .build());
            case DeleteBatchJob _ -> put(moved(job, BatchJobState.DELETING));
            case AddBatchTasks add ->
                new BatchTasksAdded(add.getTasks().stream()
                        .map(task -> added(job, own, task))
                        .toList());
            case ReadBatchTask read -> task(own, read.getTaskId(), UnaryOperator.identity());
            case ListBatchTasks list -> page(own, list);
            case CountBatchTasks _ -> counts(own);
            case ChangeBatchTask change ->
                task(
                        own,
                        change.getTaskId(),
                        task -> BatchTask.newBuilder(task)
                                .setDefinition(BatchTaskDefinition.newBuilder(task.getDefinition())
                                        .setConstraints(change.getConstraints())
                                        .build())
                                .build());
            case TerminateBatchTask terminate ->
                task(
                        own,
                        terminate.getTaskId(),
                        task -> BatchTask.newBuilder(task)
                                .setState(BatchTaskState.COMPLETED)
                                .setPreviousState(task.getState())
                                .setPreviousStateSince(task.getStateSince())
                                .setEndedAt(TestApi.NOW)
                                .setSucceeded(false)
                                .build());
            case ReactivateBatchTask reactivate -> {
                BatchTask known = own.get(reactivate.getTaskId().toLowerCase(Locale.ROOT));
                yield known != null && known.getState() != BatchTaskState.COMPLETED
                        ? refused(BatchRefusalReason.TASK_NOT_FAILED, "It has not failed.")
                        : task(
                                own,
                                reactivate.getTaskId(),
                                task -> BatchTask.newBuilder(task)
                                        .setState(BatchTaskState.ACTIVE)
                                        .build());
            }
            case DeleteBatchTask delete ->
                own.remove(delete.getTaskId().toLowerCase(Locale.ROOT)) == null
                        ? noTask()
                        : new BatchTaskDeleted(delete.getTaskId());
            default -> throw new AssertionError(command);
        };
    }

    private static BatchRefused noTask() {
        return refused(BatchRefusalReason.TASK_NOT_FOUND, "There is no such task.");
    }

    private static BatchRefused refused(BatchRefusalReason reason, String message) {
        return BatchRefused.newBuilder().setReason(reason).setMessage(message).build();
    }

    private static BatchJob add(String jobId, BatchJobDefinition definition) {
        return BatchJob.newBuilder()
                .setJobId(jobId)
                .setRevision(0)
                .setDefinition(definition)
                .setState(BatchJobState.ACTIVE)
                .setCreatedAt(TestApi.NOW)
                .setChangedAt(TestApi.NOW)
                .setStateSince(TestApi.NOW)
                .setStartedAt(TestApi.NOW)
                .build();
    }

    private BatchJob put(BatchJob job) {
        BatchJob next =
                BatchJob.newBuilder(job).setRevision(job.getRevision() + 1).build();
        jobs.put(next);
        return next;
    }

    private static BatchJob moved(BatchJob job, BatchJobState state) {
        return BatchJob.newBuilder(job)
                .setState(state)
                .setPreviousState(job.getState())
                .setPreviousStateSince(job.getStateSince())
                .build();
    }

    private static BatchJob changed(BatchJob job, ChangeBatchJob change) {
        BatchJobDefinition.Builder definition = BatchJobDefinition.newBuilder(job.getDefinition());
        if (change.getPriority() != null) {
            definition.setPriority(change.getPriority());
        }
        if (change.getMaxTaskRetries() != null) {
            definition.setMaxTaskRetries(change.getMaxTaskRetries());
        }
        if (change.getMetadata() != null) {
            definition.setMetadata(change.getMetadata());
        }
        return BatchJob.newBuilder(job).setDefinition(definition.build()).build();
    }

    private static BatchTaskAdded added(
            BatchJob job, NavigableMap<String, BatchTask> own, BatchTaskDefinition definition) {
        BatchTask task = BatchTask.newBuilder()
                .setJobId(job.getJobId())
                .setDefinition(definition)
                .setRevision(1)
                .setState(BatchTaskState.ACTIVE)
                .setCreatedAt(TestApi.NOW)
                .setChangedAt(TestApi.NOW)
                .setStateSince(TestApi.NOW)
                .setAttempt(TaskAttempt.newBuilder().build())
                .build();
        boolean isNew = own.putIfAbsent(definition.getTaskId().toLowerCase(Locale.ROOT), task) == null;
        return BatchTaskAdded.newBuilder()
                .setTaskId(definition.getTaskId())
                .setRevision(isNew ? 1L : null)
                .setAt(TestApi.NOW)
                .setRefused(isNew ? null : refused(BatchRefusalReason.TASK_EXISTS, "There is such a task."))
                .build();
    }

    private static Object task(NavigableMap<String, BatchTask> own, String id, UnaryOperator<BatchTask> change) {
        String key = id.toLowerCase(Locale.ROOT);
        @Nullable BatchTask known = own.get(key);
        if (known == null) {
            return noTask();
        }
        BatchTask next = change.apply(known);
        if (next != known) {
            next = BatchTask.newBuilder(next)
                    .setRevision(known.getRevision() + 1)
                    .build();
            own.put(key, next);
        }
        return next;
    }

    /** Changes a task as an attempt of it would. */
    synchronized void change(String jobId, String taskId, UnaryOperator<BatchTask> change) {
        task(tasks.get(jobId.toLowerCase(Locale.ROOT)), taskId, change);
    }

    private static BatchTaskPage page(NavigableMap<String, BatchTask> own, ListBatchTasks list) {
        var behind = list.getAfter() == null ? own : own.tailMap(list.getAfter(), false);
        int most = Math.min(PAGE, list.getMost());
        return new BatchTaskPage(behind.values().stream().limit(most).toList(), behind.size() > most);
    }

    private static BatchTaskCounts counts(NavigableMap<String, BatchTask> own) {
        long active = own.values().stream()
                .filter(task -> task.getState() == BatchTaskState.ACTIVE)
                .count();
        return new BatchTaskCounts(active, 0L, own.size() - active, 0L, 0L, active, 0L, 0L, 0L, 0L);
    }
}
