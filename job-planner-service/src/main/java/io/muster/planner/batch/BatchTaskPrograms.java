package io.muster.planner.batch;

import io.muster.planner.program.CommandLine;
import io.muster.records.BatchJob;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskFacts;
import io.muster.records.BatchTaskRow;
import io.muster.records.BatchTaskType;
import io.muster.records.ChangeTask;
import io.muster.records.ComputeTask;
import io.muster.records.MultiInstance;
import io.muster.records.NodeValue;
import io.muster.records.RuleTasks;
import io.muster.records.Suspension;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskProgram;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes the tasks of pools. Contract: batch, 3.2 and 3.3. */
public final class BatchTaskPrograms {
    private static final Map<String, NodeValue> OF_NODE = Map.of(
            "AZ_BATCH_NODE_ID", NodeValue.NODE_ID,
            "AZ_BATCH_NODE_ROOT_DIR", NodeValue.NODE_DIRECTORY,
            "AZ_BATCH_NODE_SHARED_DIR", NodeValue.DATA_DIRECTORY,
            "AZ_BATCH_TASK_DIR", NodeValue.ATTEMPT_DIRECTORY,
            "AZ_BATCH_TASK_WORKING_DIR", NodeValue.WORKING_DIRECTORY);

    /** Is the directory of a node that its tasks share, whatever their jobs. */
    private static final String SHARED = "batch/shared";

    /** Is for how long a task's directory is kept behind its end, where nobody says. */
    private static final long USUAL_RETENTION_SECONDS = Duration.ofDays(7).toSeconds();

    private static final Map<String, NodeValue> OF_GANG = Stream.concat(
                    OF_NODE.entrySet().stream(),
                    Stream.of(Map.entry("AZ_BATCH_TASK_SHARED_DIR", NodeValue.SHARED_DIRECTORY)))
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

    private BatchTaskPrograms() {}

    /** Returns how often a task is tried again. */
    static int mostRetries(BatchJob job, BatchTaskDefinition task) {
        @Nullable Integer own = task.getConstraints().getMaxRetries();
        return own == null ? job.getDefinition().getMaxTaskRetries() : own;
    }

    /** Returns what the job's pool is to run for a task. */
    public static ComputeTask of(BatchJob job, BatchTaskRow row) {
        BatchTask task = row.getTask();
        BatchTaskDefinition definition = task.getDefinition();
        @Nullable MultiInstance gang = definition.getMultiInstance();
        return ComputeTask.newBuilder()
                .setTaskId(BatchIds.inPool(job.getJobId(), definition.getTaskId(), row.getNumber()))
                .setOwner(owner(job))
                .setProgram(TaskProgram.newBuilder()
                        .setCommand(CommandLine.split(definition.getCommandLine()))
                        .setCoordination(
                                gang == null ? List.of() : CommandLine.split(gang.getCoordinationCommandLine()))
                        .setEnvironment(environment(job, definition))
                        .setNodeEnvironment(gang == null ? OF_NODE : OF_GANG)
                        .setWebFiles(BatchFiles.web(definition.getFiles()))
                        .setWallClockSeconds(seconds(definition.getConstraints().getWallClockMillis()))
                        .setDataDirectory(SHARED)
                        .setRetentionSeconds(retention(definition))
                        .build())
                .setPriority(job.getDefinition().getPriority())
                .setSlots(definition.getRequiredSlots())
                .setNodes(gang == null ? 1 : gang.getInstances())
                .setMostRetries(mostRetries(job, definition))
                .setDroppedAtEnd(true)
                .setPrefers(definition.getAffinity())
                .setBatch(new BatchTaskFacts(
                        job.getJobId(), definition.getTaskId(), task.getType() == BatchTaskType.JOB_MANAGER))
                .build();
    }

    /** Returns the number of the rule of a job that is being disabled. */
    static long ruleNumber(BatchJob job) {
        return job.getStateSince().toEpochMilli();
    }

    /** Returns the word to the job's pool how the job's tasks are placed. */
    public static RuleTasks rule(BatchJob job) {
        RuleTasks.Builder rule = RuleTasks.newBuilder()
                .setOwner(owner(job))
                .setPriority(job.getDefinition().getPriority())
                .setMost(job.getDefinition().getMaxParallelTasks())
                .setNumber(ruleNumber(job));
        return switch (job.getDisabled()) {
            case REQUEUE -> rule.setSuspension(Suspension.EMPTIED).build();
            case TERMINATE -> rule.setSuspension(Suspension.ENDED).build();
            case WAIT -> rule.setSuspension(Suspension.SUSPENDED).build();
            case null -> rule.build();
        };
    }

    /** Returns the word to the job's pool that nothing is said of the job's tasks any more. */
    public static RuleTasks noRule(BatchJob job) {
        return RuleTasks.newBuilder().setOwner(owner(job)).build();
    }

    private static TaskOwner owner(BatchJob job) {
        return new TaskOwner(TaskOwnerKind.BATCH_JOB, BatchIds.key(job.getJobId()));
    }

    /** Returns the word to the job's pool that a task has other limits. */
    public static ChangeTask change(BatchJob job, BatchTaskRow row) {
        BatchTaskDefinition definition = row.getTask().getDefinition();
        return new ChangeTask(
                BatchIds.inPool(job.getJobId(), definition.getTaskId(), row.getNumber()),
                mostRetries(job, definition),
                seconds(definition.getConstraints().getWallClockMillis()),
                retention(definition));
    }

    private static long retention(BatchTaskDefinition task) {
        @Nullable Long millis = task.getConstraints().getRetentionMillis();
        return millis == null ? USUAL_RETENTION_SECONDS : Math.ceilDiv(millis, 1000L);
    }

    private static Map<String, String> environment(BatchJob job, BatchTaskDefinition task) {
        Map<String, String> environment = new HashMap<>();
        job.getDefinition().getEnvironment().forEach(each -> environment.put(each.getName(), each.getValue()));
        task.getEnvironment().forEach(each -> environment.put(each.getName(), each.getValue()));
        environment.put("AZ_BATCH_POOL_ID", job.getDefinition().getPoolId());
        environment.put("AZ_BATCH_JOB_ID", job.getJobId());
        environment.put("AZ_BATCH_TASK_ID", task.getTaskId());
        return environment;
    }

    private static @Nullable Integer seconds(@Nullable Long millis) {
        return millis == null ? null : (int) Math.min(Integer.MAX_VALUE, Math.max(1, Math.ceilDiv(millis, 1000L)));
    }
}
