package io.muster.api.surface.batch;

import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.records.BatchJobDefinition;
import io.muster.records.ChangeBatchJob;
import io.muster.records.DisableBatchJob;
import io.muster.records.DisableTasks;
import io.muster.records.JobManager;
import io.muster.records.OnAllTasksComplete;
import io.muster.records.OnTaskFailure;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads jobs from documents. Contract: batch, 3.2. */
final class JobReader {
    private static final int PRIORITY = 1000;
    private static final Map<String, String> NONE = Map.of();
    private static final Members SPECIFICATION = Members.of(
            "displayName",
            "priority",
            "maxParallelTasks",
            "constraints",
            "jobManagerTask",
            "commonEnvironmentSettings",
            "poolInfo",
            "onAllTasksComplete",
            "onTaskFailure",
            "metadata",
            "usesTaskDependencies");
    private static final Members JOB = SPECIFICATION.and("id");
    private static final String PREEMPTION = "Running tasks make room for no others.";
    private static final Map<String, String> MISSING = Map.of(
            "allowTaskPreemption",
            PREEMPTION,
            "jobPreparationTask",
            "Preparation tasks are not here yet.",
            "jobReleaseTask",
            "Release tasks are not here yet.",
            "networkConfiguration",
            "Networks of nodes are not made here.");
    private static final Members CHANGE =
            Members.of("priority", "maxParallelTasks", "constraints", "poolInfo", "onAllTasksComplete", "metadata");
    private static final Members MANAGER = Members.of(
            "id",
            "displayName",
            "commandLine",
            "resourceFiles",
            "environmentSettings",
            "constraints",
            "requiredSlots",
            "killJobOnCompletion",
            "userIdentity",
            "allowLowPriorityNode");
    private static final Map<String, String> MISSING_OF_MANAGERS = Map.of(
            "runExclusive",
            "A job manager task runs beside others: give it as many requiredSlots as the node has.",
            "containerSettings",
            "Tasks run as processes of the node, not in containers.",
            "outputFiles",
            "Output files are not uploaded: have the task upload them.",
            "applicationPackageReferences",
            "Application packages are not kept here: give resourceFiles.",
            "authenticationTokenSettings",
            "Tasks get no token of the account.");

    private JobReader() {}

    /** Holds a job as a document has it. @param id as it is spelled there */
    record Named(String id, BatchJobDefinition definition) {}

    static Named job(JsonBody body) {
        Part part = Part.of(body).only(JOB, MISSING);
        BatchJobDefinition definition = definition(part);
        return new Named(TaskReader.id(part), definition);
    }

    /** Returns what the jobs of a schedule are. */
    static BatchJobDefinition specification(Part part) {
        return definition(part.only(SPECIFICATION, MISSING));
    }

    private static BatchJobDefinition definition(Part part) {
        BatchJobDefinition.Builder job = BatchJobDefinition.newBuilder()
                .setDisplayName(part.text("displayName"))
                .setPoolId(pool(part.object("poolInfo").orElseThrow(() -> part.wrong("poolInfo", "Name a pool."))))
                .setPriority(priority(part, 0))
                .setMaxParallelTasks(parallel(part, -1))
                .setUsesTaskDependencies(
                        part.body().flag("usesTaskDependencies").orElse(false))
                .setOnAllTasksComplete(part.word("onAllTasksComplete", OnAllTasksComplete.class)
                        .orElse(OnAllTasksComplete.NO_ACTION))
                .setOnTaskFailure(
                        part.word("onTaskFailure", OnTaskFailure.class).orElse(OnTaskFailure.NO_ACTION))
                .setEnvironment(TaskReader.pairs(part, "commonEnvironmentSettings"))
                .setMetadata(TaskReader.pairs(part, "metadata"))
                .setManager(
                        part.object("jobManagerTask").map(JobReader::manager).orElse(null));
        part.object("constraints").ifPresent(constraints -> {
            constraints.only(Members.of("maxWallClockTime", "maxTaskRetryCount"), NONE);
            job.setWallClockMillis(
                    TaskReader.limited(constraints.duration("maxWallClockTime").orElse(null)));
            job.setMaxTaskRetries(constraints
                    .number("maxTaskRetryCount", -1, Integer.MAX_VALUE)
                    .orElse(0));
        });
        return job.build();
    }

    private static String pool(Part info) {
        info.only(
                Members.of("poolId"),
                Map.of("autoPoolSpecification", "Pools are not made for a job here: name one in poolId."));
        return info.needed("poolId");
    }

    private static int priority(Part part, int otherwise) {
        return part.number("priority", -PRIORITY, PRIORITY).orElse(otherwise);
    }

    private static int parallel(Part part, int otherwise) {
        int most = part.number("maxParallelTasks", -1, Integer.MAX_VALUE).orElse(otherwise);
        if (most == 0) {
            throw part.wrong("maxParallelTasks", "Give a whole number from 1, or -1 for no limit.");
        }
        return most;
    }

    private static JobManager manager(Part part) {
        part.only(MANAGER, MISSING_OF_MANAGERS);
        if (!part.body().flag("allowLowPriorityNode").orElse(true)) {
            throw part.wrong("allowLowPriorityNode", "Nodes are alike: a task can't be kept from some of them.");
        }
        return JobManager.newBuilder()
                .setTask(TaskReader.definition(part))
                .setKillJobOnCompletion(part.body().flag("killJobOnCompletion").orElse(true))
                .build();
    }

    /** Returns the change that a PATCH is: what it leaves out stays. */
    static ChangeBatchJob patch(JsonBody body, @Nullable Long ifRevision) {
        Part part = Part.of(body).only(CHANGE, Map.of("allowTaskPreemption", PREEMPTION));
        ChangeBatchJob.Builder change = ChangeBatchJob.newBuilder()
                .setPoolId(part.object("poolInfo").map(JobReader::pool).orElse(null))
                .setPriority(part.number("priority", -PRIORITY, PRIORITY).orElse(null))
                .setMaxParallelTasks(body.has("maxParallelTasks") ? (Integer) parallel(part, -1) : null)
                .setOnAllTasksComplete(part.word("onAllTasksComplete", OnAllTasksComplete.class)
                        .orElse(null))
                .setMetadata(body.has("metadata") ? TaskReader.pairs(part, "metadata") : null)
                .setIfRevision(ifRevision);
        part.object("constraints").ifPresent(constraints -> constrain(constraints, change));
        return change.build();
    }

    /** Returns the change that a PUT is: what it leaves out gets its default. */
    static ChangeBatchJob put(JsonBody body, @Nullable Long ifRevision) {
        Part part = Part.of(body).only(CHANGE, Map.of("allowTaskPreemption", PREEMPTION));
        ChangeBatchJob.Builder change = ChangeBatchJob.newBuilder()
                .setPoolId(pool(part.object("poolInfo").orElseThrow(() -> part.wrong("poolInfo", "Name a pool."))))
                .setPriority(priority(part, 0))
                .setMaxParallelTasks(parallel(part, -1))
                .setWallClockMillis(-1L)
                .setMaxTaskRetries(0)
                .setOnAllTasksComplete(part.word("onAllTasksComplete", OnAllTasksComplete.class)
                        .orElse(OnAllTasksComplete.NO_ACTION))
                .setMetadata(TaskReader.pairs(part, "metadata"))
                .setIfRevision(ifRevision);
        part.object("constraints").ifPresent(constraints -> constrain(constraints, change));
        return change.build();
    }

    /** Replaces both constraints: they are one member. */
    private static void constrain(Part constraints, ChangeBatchJob.Builder change) {
        constraints.only(Members.of("maxWallClockTime", "maxTaskRetryCount"), NONE);
        change.setWallClockMillis(constraints.duration("maxWallClockTime").orElse(-1L));
        change.setMaxTaskRetries(
                constraints.number("maxTaskRetryCount", -1, Integer.MAX_VALUE).orElse(0));
    }

    static DisableBatchJob disable(JsonBody body, @Nullable Long ifRevision) {
        Part part = Part.of(body).only(Members.of("disableTasks"), NONE);
        return new DisableBatchJob(
                part.word("disableTasks", DisableTasks.class)
                        .orElseThrow(() -> part.wrong("disableTasks", "Say requeue, terminate or wait.")),
                ifRevision);
    }

    /** Returns the reason that a request to terminate gives, or its default. */
    static String reason(Optional<JsonBody> body) {
        return body.flatMap(document -> Part.of(document)
                        .only(Members.of("terminateReason"), NONE)
                        .body()
                        .text("terminateReason"))
                .orElse("UserTerminate");
    }
}
