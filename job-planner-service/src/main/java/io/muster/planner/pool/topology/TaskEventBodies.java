package io.muster.planner.pool.topology;

import io.muster.planner.json.Json;
import io.muster.planner.pool.Attempt;
import io.muster.planner.pool.Outcome;
import io.muster.planner.pool.Outcome.Result;
import io.muster.planner.pool.PoolEvent;
import io.muster.planner.pool.PoolRefusal;
import io.muster.records.BatchTaskFacts;
import io.muster.records.ComputeTask;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Makes the bodies of events of tasks of Batch: JSON, in the order of the contract's sample. What does not apply is absent. Contract: batch, 3.1. */
public final class TaskEventBodies {
    /** Stands for the node of a task that has none. */
    public static final String NO_NODE = " ";

    /** Is the exit code of a program that ran for longer than it may. */
    private static final int OUT_OF_TIME = -1073741510;

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private TaskEventBodies() {}

    /** Returns the body of a TaskStartEvent: the task was placed on a node. */
    static String start(BatchTaskFacts facts, ComputeTask task, String poolId, String nodeId, Attempt attempt) {
        Map<String, Object> body = common(facts, task, poolId, nodeId, attempt);
        body.put("executionInfo", Map.of("retryCount", attempt.retries()));
        return Json.text(body);
    }

    /** Returns the body of a TaskScheduleFailEvent: no nodes were found for the task, which stays active. */
    static String scheduleFail(
            BatchTaskFacts facts, ComputeTask task, String poolId, Attempt attempt, PoolEvent.NotPlaced reason) {
        return switch (reason) {
            case NO_FREE_SLOTS ->
                scheduleFail(
                        facts,
                        task,
                        poolId,
                        attempt,
                        "NoFreeSlots",
                        "No node of the pool has the slots free that the task takes: it is tried again.");
            case REQUIREMENTS_NOT_MET ->
                scheduleFail(
                        facts,
                        task,
                        poolId,
                        attempt,
                        "MultiInstanceRequirementsNotMet",
                        "A multi-instance task takes a pool with enableInterNodeCommunication true and"
                                + " taskSlotsPerNode 1: terminate it, and add it to a job of such a pool.");
        };
    }

    /** Returns the body of a TaskScheduleFailEvent of a task that its pool did not take: its job gives it once more. */
    static String refused(BatchTaskFacts facts, ComputeTask task, String poolId, PoolRefusal refusal) {
        String code = Arrays.stream(refusal.reason().name().split("_"))
                .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
                .collect(Collectors.joining());
        return scheduleFail(facts, task, poolId, Attempt.FIRST, code, refusal.sentence());
    }

    private static String scheduleFail(
            BatchTaskFacts facts, ComputeTask task, String poolId, Attempt attempt, String code, String message) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("category", "ServerError");
        error.put("code", code);
        error.put("message", message);
        Map<String, Object> body = common(facts, task, poolId, NO_NODE, attempt);
        body.put("requiredSlots", task.getSlots());
        body.put("schedulingError", error);
        return Json.text(body);
    }

    /** Returns the body of a TaskCompleteEvent and of a TaskFailEvent: they are the same. */
    public static String end(
            BatchTaskFacts facts,
            ComputeTask task,
            String poolId,
            String nodeId,
            Attempt attempt,
            Outcome outcome,
            Optional<Instant> startedAt,
            Instant endedAt) {
        Map<String, Object> body = common(facts, task, poolId, nodeId, attempt);
        Map<String, Object> execution = new LinkedHashMap<>();
        startedAt.ifPresent(at -> execution.put("startTime", TIME.format(at)));
        execution.put("endTime", TIME.format(endedAt));
        if (outcome.result() == Result.TIMED_OUT) {
            execution.put("exitCode", OUT_OF_TIME);
        } else if (outcome.result() != Result.STOPPED && outcome.exitCode().isPresent()) {
            execution.put("exitCode", outcome.exitCode().getAsInt());
        }
        execution.put("retryCount", attempt.retries());
        execution.put("requeueCount", attempt.requeues());
        body.put("executionInfo", execution);
        return Json.text(body);
    }

    /** Returns a time as it stands in the header of an event. */
    static String time(Instant at) {
        return TIME.format(at);
    }

    private static Map<String, Object> common(
            BatchTaskFacts facts, ComputeTask task, String poolId, String nodeId, Attempt attempt) {
        Map<String, Object> node = new LinkedHashMap<>();
        node.put("poolId", poolId);
        node.put("nodeId", nodeId);
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("jobId", facts.getJobId());
        body.put("id", facts.getTaskId());
        body.put("taskType", facts.getIsJobManager() ? "JobManager" : "User");
        body.put("systemTaskVersion", attempt.systemVersion());
        body.put("nodeInfo", node);
        body.put("multiInstanceSettings", Map.of("numberOfInstances", task.getNodes()));
        body.put("constraints", Map.of("maxTaskRetryCount", task.getMostRetries()));
        return body;
    }
}
