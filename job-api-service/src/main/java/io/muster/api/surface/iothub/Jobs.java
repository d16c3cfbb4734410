package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.JobView;
import io.muster.api.json.Dates;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.FailureCodes;
import io.muster.document.IdentityId;
import io.muster.document.Timestamps;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceMethod;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.OperationType;
import io.muster.records.Schedule;
import io.muster.records.ScheduleRun;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.TwinPatch;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads and writes jobs. Contract: iot-hub, 1.8, 2.1 and 2.2. */
public final class Jobs {
    private static final String METHOD = "scheduleDeviceMethod";
    private static final String TWIN = "scheduleUpdateTwin";
    private static final Map<String, String> TYPES = Map.of(
            METHOD,
            METHOD,
            "scheduleDirectRequest",
            METHOD,
            "scheduleDirectMethod",
            METHOD,
            TWIN,
            TWIN,
            "scheduleTwinUpdate",
            TWIN);
    private static final Map<String, String> STATUS_ALIASES =
            Map.of("pending", "queued", "enqueued", "queued", "canceled", "cancelled");

    /** Lists what a job says, and what its document shows of it: callers who copy one send both. */
    private static final Members OF_JOB = Members.of(
                    "jobId",
                    "type",
                    "jobType",
                    "cloudToDeviceMethod",
                    "updateTwin",
                    "queryCondition",
                    "deviceIds",
                    "startTime",
                    "maxExecutionTimeInSeconds",
                    "schedule")
            .and(Policies.MEMBERS)
            .and(
                    "status",
                    "statusMessage",
                    "failureReason",
                    "createdTime",
                    "endTime",
                    "deviceJobStatistics",
                    "scheduleStatus");

    private static final Members OF_METHOD = Members.of(
            "methodName", "payload", "responseTimeoutInSeconds", "connectTimeoutInSeconds", "timeoutInSeconds");

    /** Lists the members of a twin. Clients send the id of a twin that they made; the job's condition says which devices are meant. */
    private static final Members OF_TWIN_UPDATE = Members.of("tags", "properties", "etag", "deviceId", "id");

    private static final Members OF_PROPERTIES = Members.of("desired");
    /** Lists what Java's client sends too: members that its caller did not set, and cannot set in a job. */
    private static final Members OF_UNSET_PROPERTIES = OF_PROPERTIES.and("reported");

    private static final int DEFAULT_MAX_EXECUTION_SECONDS = 3600;
    /** Bounds the firings of a schedule that are shown. */
    private static final int SHOWN_RUNS = 20;

    private Jobs() {}

    /** Names the jobs that a query is for. */
    public record Filter(Optional<String> type, Optional<JobStatus> status) {
        /** Parses the filter of a list of jobs; a blank or absent name selects all. @throws ProblemException when a name is none */
        public static Filter of(@Nullable String jobType, @Nullable String jobStatus) {
            return new Filter(
                    Optional.ofNullable(jobType).filter(text -> !text.isBlank()).map(Filter::type),
                    Optional.ofNullable(jobStatus)
                            .filter(text -> !text.isBlank())
                            .map(Filter::status));
        }

        private static String type(String text) {
            return Optional.ofNullable(TYPES.get(text))
                    .orElseThrow(() -> new ProblemException(
                            Problem.argumentInvalid("jobType is " + METHOD + " or " + TWIN + ", not " + text + ".")));
        }

        private static JobStatus status(String text) {
            String name = STATUS_ALIASES.getOrDefault(text.toLowerCase(Locale.ROOT), text.toLowerCase(Locale.ROOT));
            for (JobStatus status : JobStatus.values()) {
                if (status.name().equalsIgnoreCase(name)) {
                    return status;
                }
            }
            throw new ProblemException(Problem.argumentInvalid(
                    "jobStatus is queued, scheduled, running, completed, failed or cancelled, not " + text + "."));
        }

        public boolean selects(Job job) {
            return selects(typeOf(job), job.getStatus());
        }

        /** Returns whether it selects a job that is made again and again. */
        boolean selects(Schedule schedule, JobDefinition job) {
            return selects(typeOf(job), ScheduledJobs.status(schedule));
        }

        private boolean selects(String ofType, JobStatus ofStatus) {
            return type.map(ofType::equals).orElse(true)
                    && status.map(ofStatus::equals).orElse(true);
        }
    }

    /** Reads the definition of a job. @throws ProblemException when the body is no job, or has a member that no job has */
    public static JobDefinition definition(String jobId, JsonBody body) {
        body.rejectOthers(OF_JOB);
        body.text("jobId").ifPresent(id -> {
            if (!id.equals(jobId)) {
                throw new ProblemException(
                        Problem.argumentInvalid("The body's jobId is " + id + ", the path's is " + jobId + "."));
            }
        });
        String type = body.text("type")
                .or(() -> body.text("jobType"))
                .map(text -> Optional.ofNullable(TYPES.get(text))
                        .orElseThrow(() -> new ProblemException(new Problem(
                                400,
                                "GenericBadRequest",
                                "type is " + METHOD + " or " + TWIN + ", not " + text + "."))))
                .orElseThrow(() -> new ProblemException(
                        Problem.argumentNull("type is missing: say " + METHOD + " or " + TWIN + ".")));
        String other = type.equals(METHOD) ? "updateTwin" : "cloudToDeviceMethod";
        if (body.member(other).isPresent()) {
            throw new ProblemException(Problem.argumentInvalid(
                    "A job of type " + type + " has no " + other + ": leave it out, or make a second job of it."));
        }
        return new JobDefinition(
                jobId,
                type.equals(METHOD) ? method(body) : twin(body),
                condition(body),
                body.text("startTime")
                        .map(text -> Dates.parse("startTime", text))
                        .orElse(null),
                body.number("maxExecutionTimeInSeconds").orElse(DEFAULT_MAX_EXECUTION_SECONDS),
                Policies.of(body));
    }

    private static DeviceMethod method(JsonBody body) {
        return body.object("cloudToDeviceMethod")
                .map(call -> Devices.method(call.rejectOthers(OF_METHOD)))
                .orElseThrow(() -> new ProblemException(
                        Problem.argumentNull("cloudToDeviceMethod is missing: say which method to call.")));
    }

    private static TwinPatch twin(JsonBody body) {
        JsonBody update = body.object("updateTwin")
                .orElseThrow(() -> new ProblemException(
                        Problem.argumentNull("updateTwin is missing: say which tags or desired properties to set.")));
        if (update.member("desired").isPresent()) {
            throw new ProblemException(Problem.argumentInvalid(
                    "The member updateTwin.desired is unknown: did you mean updateTwin.properties.desired?"));
        }
        update.rejectOthers(OF_TWIN_UPDATE);
        update.object("properties")
                .ifPresent(properties -> properties.rejectOthers(
                        properties
                                        .member("reported")
                                        .filter(Jobs::isEmptyObject)
                                        .isPresent()
                                ? OF_UNSET_PROPERTIES
                                : OF_PROPERTIES));
        return Devices.patch(
                update, Devices.condition(update.text("etag").orElse(null)).orElse(null));
    }

    private static boolean isEmptyObject(JsonNode node) {
        return node.isObject() && node.isEmpty();
    }

    private static String condition(JsonBody body) {
        Optional<JsonNode> ids = body.member("deviceIds");
        Optional<String> query = body.text("queryCondition");
        if (ids.isPresent() && query.isPresent()) {
            throw new ProblemException(
                    Problem.argumentInvalid("A job has queryCondition or deviceIds: leave one of them out."));
        }
        if (ids.isEmpty()) {
            return query.orElseThrow(() -> new ProblemException(
                    Problem.argumentNull("queryCondition is missing: name devices, or say * for all of them.")));
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode id : ids.get()) {
            if (!id.isTextual()) {
                throw body.wrong("deviceIds", "an array of device ids");
            }
            texts.add(id.textValue());
        }
        if (!ids.get().isArray() || texts.isEmpty()) {
            throw body.wrong("deviceIds", "an array of device ids");
        }
        return "deviceId IN " + Devices.quoted(texts);
    }

    /** Writes a job that is made again and again. Our own member of a job: docs/jobs.md. */
    static ObjectNode document(Schedule schedule, JobDefinition definition) {
        ObjectNode body = begin(definition, schedule.getCreatedAt());
        if (schedule.getNextAt() != null) {
            body.put("startTime", Timestamps.text(schedule.getNextAt()));
        }
        body.put("maxExecutionTimeInSeconds", definition.getMaxExecutionSeconds());
        body.put("type", typeOf(definition));
        operation(body, definition.getOperation());
        body.put("status", ScheduledJobs.status(schedule).name().toLowerCase(Locale.ROOT));
        if (definition.getPolicy() != null) {
            Policies.write(body, definition.getPolicy());
        }
        String source = schedule.getDefinition().getSource();
        if (source != null) {
            body.set("schedule", JsonBody.stored(source));
        }
        ObjectNode state = body.putObject("scheduleStatus");
        state.put("executionCount", schedule.getFired());
        state.put("missedCount", schedule.getMissed());
        if (schedule.getLastAt() != null) {
            state.put("lastExecutionTime", Timestamps.text(schedule.getLastAt()));
        }
        if (schedule.getNextAt() != null) {
            state.put("nextExecutionTime", Timestamps.text(schedule.getNextAt()));
        }
        ArrayNode recent = state.putArray("recent");
        for (ScheduleRun run : schedule.getRecent().stream().limit(SHOWN_RUNS).toList()) {
            ObjectNode entry = recent.addObject()
                    .put("dueTime", Timestamps.text(run.getDueAt()))
                    .put("time", Timestamps.text(run.getAt()));
            if (run.getMissed()) {
                entry.put("missed", true);
            } else if (run.getOutcome() == ScheduleRunOutcome.FAILED) {
                entry.put("failed", true);
            } else {
                entry.put("jobId", ScheduledJobs.jobId(definition.getJobId(), run));
            }
            if (!run.getMessage().isEmpty()) {
                entry.put("message", run.getMessage());
            }
        }
        return body;
    }

    private static ObjectNode begin(JobDefinition definition, Instant createdAt) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("jobId", definition.getJobId());
        body.put("queryCondition", definition.getQueryCondition());
        body.put("createdTime", Timestamps.text(createdAt));
        return body;
    }

    /** Writes the document of a job. @param statistics null while there are none */
    public static ObjectNode document(Job job, @Nullable JobStatistics statistics) {
        JobDefinition definition = job.getDefinition();
        ObjectNode body = begin(definition, job.getCreatedAt());
        Instant startTime = job.getStartedAt() == null ? definition.getStartTime() : job.getStartedAt();
        if (startTime != null) {
            body.put("startTime", Timestamps.text(startTime));
        }
        if (job.getEndedAt() != null) {
            body.put("endTime", Timestamps.text(job.getEndedAt()));
        }
        body.put("maxExecutionTimeInSeconds", definition.getMaxExecutionSeconds());
        body.put("type", typeOf(job));
        operation(body, definition.getOperation());
        body.put("status", job.getStatus().name().toLowerCase(Locale.ROOT));
        if (definition.getPolicy() != null) {
            Policies.write(body, definition.getPolicy());
        }
        JobView.waitsFor(job).ifPresent(message -> body.put("statusMessage", message));
        if (job.getFailureReason() != null) {
            body.put("failureReason", job.getFailureReason());
        }
        if (statistics != null || job.getStartedAt() != null) {
            counts(body.putObject("deviceJobStatistics"), statistics);
        }
        return body;
    }

    /** Adds the reason why no device job begins although the job has not ended. IoT Hub has no state for it. */
    /** Writes one job on one device. Contract: iot-hub, 2.4. */
    public static ObjectNode document(DeviceJob job) {
        boolean method = job.getOperation() == OperationType.METHOD;
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        IdentityId id = IdentityId.of(job.getDeviceId());
        body.put("deviceId", id.deviceId());
        if (id.moduleId() != null) {
            body.put("moduleId", id.moduleId());
        }
        body.put("jobId", job.getJobId());
        body.put("jobType", method ? METHOD : TWIN);
        body.put("status", job.getStatus().name().toLowerCase(Locale.ROOT));
        body.put("createdDateTimeUtc", Timestamps.text(job.getCreatedAt()));
        if (job.getStartedAt() != null) {
            body.put("startTimeUtc", Timestamps.text(job.getStartedAt()));
        }
        if (job.getEndedAt() != null) {
            body.put("endTimeUtc", Timestamps.text(job.getEndedAt()));
        }
        body.put("lastUpdatedDateTimeUtc", Timestamps.text(job.getUpdatedAt()));
        if (job.getMethodStatus() != null && job.getMethodPayload() != null) {
            ObjectNode response = JsonNodeFactory.instance.objectNode();
            response.put("status", job.getMethodStatus());
            response.set("payload", JsonBody.stored(job.getMethodPayload()));
            body.putObject("outcome").set("deviceMethodResponse", response);
            // The Java client reads the outcome here.
            body.set("cloudToDeviceMethod", response.deepCopy());
        }
        if (job.getFailure() != null) {
            body.putObject("error")
                    .put("code", FailureCodes.of(job.getFailure()))
                    .put("description", job.getFailureDetail());
        }
        return body;
    }

    private static void operation(ObjectNode body, Object operation) {
        switch (operation) {
            case DeviceMethod method -> {
                ObjectNode call = body.putObject("cloudToDeviceMethod");
                call.put("methodName", method.getMethodName());
                call.set("payload", JsonBody.stored(method.getPayload()));
                call.put("responseTimeoutInSeconds", method.getResponseTimeoutSeconds());
                if (method.getConnectTimeoutSeconds() > 0) {
                    call.put("connectTimeoutInSeconds", method.getConnectTimeoutSeconds());
                }
            }
            case TwinPatch patch -> {
                ObjectNode update = body.putObject("updateTwin");
                update.put("etag", patch.getIfMatch() == null ? "*" : patch.getIfMatch());
                if (patch.getTags() != null) {
                    update.set("tags", JsonBody.stored(patch.getTags()));
                }
                if (patch.getDesired() != null) {
                    update.putObject("properties").set("desired", JsonBody.stored(patch.getDesired()));
                }
            }
            default -> throw new IllegalStateException("not an operation, class=" + operation.getClass());
        }
    }

    private static void counts(ObjectNode body, @Nullable JobStatistics statistics) {
        DeviceJobCounts counts =
                statistics == null ? DeviceJobCounts.newBuilder().build() : statistics.getCounts();
        body.put("deviceCount", counts.getDeviceCount());
        body.put("failedCount", counts.getFailed());
        body.put("succeededCount", counts.getSucceeded());
        body.put("runningCount", counts.getRunning());
        body.put("pendingCount", counts.getQueued());
        if (counts.getCancelled() > 0) {
            body.put("cancelledCount", counts.getCancelled());
        }
    }

    private static String typeOf(Job job) {
        return typeOf(job.getDefinition());
    }

    private static String typeOf(JobDefinition definition) {
        return switch (definition.getOperation()) {
            case DeviceMethod _ -> METHOD;
            case TwinPatch _ -> TWIN;
            case Object unknown -> throw new IllegalStateException("not an operation, class=" + unknown.getClass());
        };
    }
}
