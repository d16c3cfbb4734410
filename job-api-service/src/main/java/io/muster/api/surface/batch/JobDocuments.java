package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchTaskCounts;
import io.muster.records.JobManager;
import java.util.Set;

/** Writes jobs as Batch's clients read them. A member that has no value is left out. Contract: batch, 3.2, 3.4. */
record JobDocuments(BatchRequest request) {
    /** Lists what lists of jobs are filtered by. */
    static final Set<String> PROPERTIES = Set.of(
            "id",
            "displayName",
            "usesTaskDependencies",
            "url",
            "eTag",
            "lastModified",
            "creationTime",
            "state",
            "stateTransitionTime",
            "previousState",
            "previousStateTransitionTime",
            "priority",
            "maxParallelTasks",
            "allowTaskPreemption",
            "constraints/maxTaskRetryCount",
            "jobManagerTask/id",
            "commonEnvironmentSettings",
            "poolInfo/poolId",
            "onAllTasksComplete",
            "onTaskFailure",
            "metadata",
            "executionInfo/startTime",
            "executionInfo/endTime",
            "executionInfo/poolId",
            "executionInfo/terminateReason");

    ObjectNode job(BatchJob job) {
        return fill(request.document("jobs/@Element"), job);
    }

    /** Returns a job of a list. */
    ObjectNode row(BatchJob job) {
        return fill(JsonNodeFactory.instance.objectNode(), job);
    }

    private ObjectNode fill(ObjectNode document, BatchJob job) {
        BatchJobDefinition definition = job.getDefinition();
        document.put("id", job.getJobId())
                .put("url", request.url("jobs/" + job.getJobId()))
                .put("eTag", BatchRequest.tag(job.getRevision()))
                .put("lastModified", job.getChangedAt().toString())
                .put("creationTime", job.getCreatedAt().toString())
                .put("state", Words.of(job.getState()))
                .put("stateTransitionTime", job.getStateSince().toString());
        if (job.getPreviousState() != null) {
            document.put("previousState", Words.of(job.getPreviousState()));
            TaskDocuments.put(document, "previousStateTransitionTime", job.getPreviousStateSince());
        }
        specification(document, definition);
        execution(document.putObject("executionInfo"), job);
        return document;
    }

    /** Writes what a user said of a job, or of the jobs of a schedule. */
    static void specification(ObjectNode document, BatchJobDefinition definition) {
        TaskDocuments.put(document, "displayName", definition.getDisplayName());
        document.put("usesTaskDependencies", definition.getUsesTaskDependencies())
                .put("priority", definition.getPriority())
                .put("maxParallelTasks", definition.getMaxParallelTasks())
                .put("allowTaskPreemption", false);
        document.putObject("constraints")
                .put("maxWallClockTime", Durations.text(definition.getWallClockMillis()))
                .put("maxTaskRetryCount", definition.getMaxTaskRetries());
        if (definition.getManager() != null) {
            manager(document.putObject("jobManagerTask"), definition.getManager());
        }
        TaskDocuments.pairs(document, "commonEnvironmentSettings", definition.getEnvironment());
        document.putObject("poolInfo").put("poolId", definition.getPoolId());
        document.put("onAllTasksComplete", Words.of(definition.getOnAllTasksComplete()))
                .put("onTaskFailure", Words.of(definition.getOnTaskFailure()));
        TaskDocuments.pairs(document, "metadata", definition.getMetadata());
    }

    private static void manager(ObjectNode part, JobManager manager) {
        part.put("id", manager.getTask().getTaskId());
        TaskDocuments.put(part, "displayName", manager.getTask().getDisplayName());
        TaskDocuments.definition(part, manager.getTask());
        part.put("killJobOnCompletion", manager.getKillJobOnCompletion()).put("runExclusive", false);
    }

    private static void execution(ObjectNode part, BatchJob job) {
        part.put("startTime", job.getStartedAt().toString());
        TaskDocuments.put(part, "endTime", job.getEndedAt());
        part.put("poolId", job.getDefinition().getPoolId());
        TaskDocuments.put(part, "terminateReason", job.getTerminateReason());
    }

    ObjectNode counts(BatchTaskCounts counts) {
        ObjectNode document = request.document("taskcounts/@Element");
        document.putObject("taskCounts")
                .put("active", counts.getActive())
                .put("running", counts.getRunning())
                .put("completed", counts.getCompleted())
                .put("succeeded", counts.getSucceeded())
                .put("failed", counts.getFailed());
        document.putObject("taskSlotCounts")
                .put("active", counts.getActiveSlots())
                .put("running", counts.getRunningSlots())
                .put("completed", counts.getCompletedSlots())
                .put("succeeded", counts.getSucceededSlots())
                .put("failed", counts.getFailedSlots());
        return document;
    }
}
