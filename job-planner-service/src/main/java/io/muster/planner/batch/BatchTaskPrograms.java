package io.muster.planner.batch;

import io.muster.planner.program.CommandLine;
import io.muster.records.BatchJob;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskFacts;
import io.muster.records.BatchTaskType;
import io.muster.records.ComputeTask;
import io.muster.records.NodeValue;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskProgram;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes the tasks of pools. Contract: batch, 3.2 and 3.3. */
public final class BatchTaskPrograms {
    private static final Map<String, NodeValue> OF_NODE = Map.of(
            "AZ_BATCH_NODE_ID", NodeValue.NODE_ID,
            "AZ_BATCH_TASK_DIR", NodeValue.TASK_DIRECTORY,
            "AZ_BATCH_TASK_WORKING_DIR", NodeValue.WORKING_DIRECTORY);

    private BatchTaskPrograms() {}

    /** Returns how often a task is tried again. */
    static int mostRetries(BatchJob job, BatchTaskDefinition task) {
        @Nullable Integer own = task.getConstraints().getMaxRetries();
        return own == null ? job.getDefinition().getMaxTaskRetries() : own;
    }

    /** Returns what the job's pool is to run for a task. */
    public static ComputeTask of(BatchJob job, BatchTask task) {
        BatchTaskDefinition definition = task.getDefinition();
        return ComputeTask.newBuilder()
                .setTaskId(BatchIds.inPool(job.getJobId(), definition.getTaskId()))
                .setOwner(new TaskOwner(TaskOwnerKind.BATCH_JOB, BatchIds.key(job.getJobId())))
                .setProgram(TaskProgram.newBuilder()
                        .setCommand(CommandLine.split(definition.getCommandLine()))
                        .setEnvironment(environment(job, definition))
                        .setNodeEnvironment(OF_NODE)
                        .setWallClockSeconds(seconds(definition.getConstraints().getWallClockMillis()))
                        .build())
                .setPriority(job.getDefinition().getPriority())
                .setSlots(definition.getRequiredSlots())
                .setMostRetries(mostRetries(job, definition))
                .setDroppedAtEnd(true)
                .setBatch(new BatchTaskFacts(
                        job.getJobId(), definition.getTaskId(), task.getType() == BatchTaskType.JOB_MANAGER))
                .build();
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
