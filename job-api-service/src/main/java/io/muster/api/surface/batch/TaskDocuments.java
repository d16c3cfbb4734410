package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.records.BatchSubtask;
import io.muster.records.BatchTask;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.BatchTaskFailure;
import io.muster.records.BatchTaskState;
import io.muster.records.ExitCodeRange;
import io.muster.records.ExitConditions;
import io.muster.records.ExitOptions;
import io.muster.records.FailureCategory;
import io.muster.records.MultiInstance;
import io.muster.records.NameValue;
import io.muster.records.ResourceFile;
import io.muster.records.TaskConstraints;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes tasks as Batch's clients read them. A member that has no value is left out. Contract: batch, 3.2, 3.4. */
record TaskDocuments(BatchRequest request) {
    /** Says for how long a task's directory is kept where nobody does. */
    private static final String USUAL_RETENTION = "P7D";

    /** Lists what lists of tasks are filtered by. */
    static final Set<String> PROPERTIES = Set.of(
            "id",
            "displayName",
            "url",
            "eTag",
            "lastModified",
            "creationTime",
            "exitConditions",
            "state",
            "stateTransitionTime",
            "previousState",
            "previousStateTransitionTime",
            "commandLine",
            "resourceFiles",
            "environmentSettings",
            "affinityInfo/affinityId",
            "constraints/maxTaskRetryCount",
            "requiredSlots",
            "executionInfo/startTime",
            "executionInfo/endTime",
            "executionInfo/exitCode",
            "executionInfo/result",
            "executionInfo/retryCount",
            "executionInfo/requeueCount",
            "executionInfo/failureInfo/category",
            "executionInfo/failureInfo/code",
            "nodeInfo/nodeId",
            "nodeInfo/poolId",
            "multiInstanceSettings",
            "dependsOn");

    /** Lists the members of a subtask. */
    static final Set<String> OF_SUBTASKS = Set.of(
            "id",
            "nodeInfo",
            "startTime",
            "endTime",
            "exitCode",
            "failureInfo",
            "state",
            "stateTransitionTime",
            "previousState",
            "previousStateTransitionTime",
            "result");

    static String path(String jobId, String taskId) {
        return "jobs/" + jobId + "/tasks/" + taskId;
    }

    ObjectNode task(BatchTask task) {
        return fill(request.document("tasks/@Element"), task);
    }

    /** Returns a part of a task on several nodes. Contract: batch, 3.3. */
    ObjectNode subtask(BatchSubtask subtask) {
        ObjectNode document = JsonNodeFactory.instance.objectNode().put("id", subtask.getId());
        node(document.putObject("nodeInfo"), subtask.getPoolId(), subtask.getNodeId());
        put(document, "startTime", subtask.getStartedAt());
        put(document, "endTime", subtask.getEndedAt());
        if (subtask.getExitCode() != null) {
            document.put("exitCode", subtask.getExitCode());
        }
        if (subtask.getFailure() != null) {
            failure(document.putObject("failureInfo"), subtask.getFailure());
        }
        document.put("state", Words.of(subtask.getState()))
                .put("stateTransitionTime", subtask.getStateSince().toString());
        if (subtask.getPreviousState() != null) {
            document.put("previousState", Words.of(subtask.getPreviousState()));
            put(document, "previousStateTransitionTime", subtask.getPreviousStateSince());
        }
        if (subtask.getState() == BatchTaskState.COMPLETED) {
            document.put("result", subtask.getFailure() == null ? "success" : "failure");
        }
        return document;
    }

    /** Returns a task of a list. */
    ObjectNode row(BatchTask task) {
        return fill(JsonNodeFactory.instance.objectNode(), task);
    }

    private ObjectNode fill(ObjectNode document, BatchTask task) {
        document.put("id", task.getDefinition().getTaskId());
        put(document, "displayName", task.getDefinition().getDisplayName());
        document.put(
                        "url",
                        request.url(path(task.getJobId(), task.getDefinition().getTaskId())))
                .put("eTag", BatchRequest.tag(task.getRevision()))
                .put("lastModified", task.getChangedAt().toString())
                .put("creationTime", task.getCreatedAt().toString())
                .put("state", Words.of(task.getState()))
                .put("stateTransitionTime", task.getStateSince().toString());
        if (task.getPreviousState() != null) {
            document.put("previousState", Words.of(task.getPreviousState()));
            put(document, "previousStateTransitionTime", task.getPreviousStateSince());
        }
        definition(document, task.getDefinition());
        execution(document.putObject("executionInfo"), task);
        if (task.getNodeId() != null) {
            node(document.putObject("nodeInfo"), task.getPoolId(), task.getNodeId());
        }
        return document;
    }

    /** Writes what the user said of a task, but for its names. */
    static void definition(ObjectNode document, BatchTaskDefinition task) {
        document.put("commandLine", task.getCommandLine());
        files(document, "resourceFiles", task.getFiles());
        pairs(document, "environmentSettings", task.getEnvironment());
        if (task.getAffinity() != null) {
            document.putObject("affinityInfo").put("affinityId", task.getAffinity());
        }
        constraints(document.putObject("constraints"), task.getConstraints());
        document.put("requiredSlots", task.getRequiredSlots());
        if (task.getExitConditions() != null) {
            conditions(document.putObject("exitConditions"), task.getExitConditions());
        }
        if (task.getMultiInstance() != null) {
            multiInstance(document.putObject("multiInstanceSettings"), task.getMultiInstance());
        }
        if (!task.getDependsOn().isEmpty() || !task.getDependsOnRanges().isEmpty()) {
            depends(document.putObject("dependsOn"), task);
        }
    }

    private static void constraints(ObjectNode part, TaskConstraints constraints) {
        part.put("maxWallClockTime", Durations.text(constraints.getWallClockMillis()));
        @Nullable Long retention = constraints.getRetentionMillis();
        part.put(
                "retentionTime",
                retention == null
                        ? USUAL_RETENTION
                        : Durations.text(retention == Long.MAX_VALUE ? (Long) null : retention));
        if (constraints.getMaxRetries() != null) {
            part.put("maxTaskRetryCount", constraints.getMaxRetries());
        }
    }

    static void pairs(ObjectNode document, String name, List<NameValue> pairs) {
        if (!pairs.isEmpty()) {
            ArrayNode array = document.putArray(name);
            pairs.forEach(pair -> array.addObject().put("name", pair.getName()).put("value", pair.getValue()));
        }
    }

    private static void files(ObjectNode document, String name, List<ResourceFile> files) {
        if (!files.isEmpty()) {
            ArrayNode array = document.putArray(name);
            for (ResourceFile file : files) {
                put(
                        array.addObject().put("httpUrl", file.getUrl()).put("filePath", file.getPath()),
                        "fileMode",
                        file.getMode());
            }
        }
    }

    private static void depends(ObjectNode part, BatchTaskDefinition task) {
        ArrayNode ids = part.putArray("taskIds");
        task.getDependsOn().forEach(ids::add);
        ArrayNode ranges = part.putArray("taskIdRanges");
        task.getDependsOnRanges()
                .forEach(range ->
                        ranges.addObject().put("start", range.getStart()).put("end", range.getEnd()));
    }

    private static void multiInstance(ObjectNode part, MultiInstance settings) {
        part.put("numberOfInstances", settings.getInstances())
                .put("coordinationCommandLine", settings.getCoordinationCommandLine());
        files(part, "commonResourceFiles", settings.getCommonFiles());
    }

    private static void conditions(ObjectNode part, ExitConditions conditions) {
        ArrayNode codes = part.putArray("exitCodes");
        ArrayNode ranges = part.putArray("exitCodeRanges");
        for (ExitCodeRange range : conditions.getCodes()) {
            ObjectNode one = range.getStart() == range.getEnd()
                    ? codes.addObject().put("code", range.getStart())
                    : ranges.addObject().put("start", range.getStart()).put("end", range.getEnd());
            options(one, "exitOptions", range.getOptions());
        }
        options(part, "preProcessingError", conditions.getPreProcessingError());
        options(part, "fileUploadError", conditions.getFileUploadError());
        options(part, "default", conditions.getOtherwise());
    }

    private static void options(ObjectNode parent, String name, @Nullable ExitOptions options) {
        if (options != null) {
            ObjectNode part = parent.putObject(name);
            if (options.getJobAction() != null) {
                part.put("jobAction", Words.of(options.getJobAction()));
            }
            if (options.getDependencyAction() != null) {
                part.put("dependencyAction", Words.of(options.getDependencyAction()));
            }
        }
    }

    private static void execution(ObjectNode part, BatchTask task) {
        put(part, "startTime", task.getStartedAt());
        put(part, "endTime", task.getEndedAt());
        if (task.getExitCode() != null) {
            part.put("exitCode", task.getExitCode());
        }
        if (task.getFailure() != null) {
            failure(part.putObject("failureInfo"), task.getFailure());
        }
        part.put("retryCount", task.getAttempt().getRetries());
        put(part, "lastRetryTime", task.getLastRetryAt());
        part.put("requeueCount", task.getAttempt().getRequeues());
        put(part, "lastRequeueTime", task.getLastRequeueAt());
        if (task.getState() == BatchTaskState.COMPLETED && task.getSucceeded() != null) {
            part.put("result", task.getSucceeded() ? "success" : "failure");
        }
    }

    static void failure(ObjectNode part, BatchTaskFailure failure) {
        part.put("category", failure.getCategory() == FailureCategory.USER_ERROR ? "userError" : "serverError")
                .put("code", failure.getCode())
                .put("message", failure.getMessage());
        pairs(part, "details", failure.getDetails());
    }

    private void node(ObjectNode part, @Nullable String poolId, String nodeId) {
        part.put("affinityId", nodeId)
                .put("nodeUrl", request.url("pools/" + poolId + "/nodes/" + nodeId))
                .put("poolId", poolId)
                .put("nodeId", nodeId);
    }

    static void put(ObjectNode part, String name, @Nullable Object value) {
        if (value instanceof Instant time) {
            part.put(name, time.toString());
        } else if (value != null) {
            part.put(name, value.toString());
        }
    }
}
