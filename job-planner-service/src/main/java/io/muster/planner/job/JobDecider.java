package io.muster.planner.job;

import io.muster.planner.fleet.TwinEdit;
import io.muster.planner.json.Json;
import io.muster.planner.json.MalformedJsonException;
import io.muster.query.Condition;
import io.muster.query.QueryException;
import io.muster.records.DeviceMethod;
import io.muster.records.Job;
import io.muster.records.JobCancelled;
import io.muster.records.JobCompleted;
import io.muster.records.JobCreated;
import io.muster.records.JobDefinition;
import io.muster.records.JobEvent;
import io.muster.records.JobFailed;
import io.muster.records.JobQueued;
import io.muster.records.JobStarted;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.JobTimedOut;
import io.muster.records.Refusal;
import io.muster.records.RefusalReason;
import io.muster.records.TwinPatch;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The life of a job. Contract: iot-hub, 2.2.
 *
 * <pre>
 * (none)    --Create--> SCHEDULED (start time ahead) or QUEUED
 * SCHEDULED --Queue---> QUEUED
 * QUEUED    --Start---> RUNNING, or FAILED when the condition does not parse
 * RUNNING   --Tally---> COMPLETED, when every partition has listed its targets and every device job has ended
 * RUNNING   --TimeOut-> RUNNING with its device jobs told to end
 * SCHEDULED, QUEUED, RUNNING --Cancel--> CANCELLED
 * </pre>
 */
public final class JobDecider {
    private static final Pattern JOB_ID = Pattern.compile("[A-Za-z0-9-]{1,64}");
    private static final Pattern METHOD_NAME = Pattern.compile("[A-Za-z0-9_\\-.~]{1,128}");
    private static final int DEFAULT_MAX_EXECUTION_SECONDS = 3600;
    private static final int LONGEST_RESPONSE_SECONDS = 300;
    private static final int SHORTEST_RESPONSE_SECONDS = 5;
    private static final int LARGEST_PAYLOAD = 128 * 1024;

    private JobDecider() {}

    /** @param job null where there is none of that id */
    public static Decision decide(@Nullable Job job, JobIntent intent, Instant now) {
        return switch (intent) {
            case JobIntent.Create create -> create(job, create, now);
            case JobIntent.Cancel _ -> cancel(job, now);
            case JobIntent.Queue _ -> queue(job, now);
            case JobIntent.Start _ -> start(job, now);
            case JobIntent.TimeOut _ -> timeOut(job, now);
            case JobIntent.Tally tally -> tally(job, tally.statistics(), now);
        };
    }

    private static Decision create(@Nullable Job job, JobIntent.Create create, Instant now) {
        JobDefinition definition = create.definition();
        if (job != null) {
            return refused(RefusalReason.JOB_ALREADY_EXISTS, "There is a job " + definition.getJobId() + " already.");
        }
        Optional<Refusal> fault = fault(definition);
        if (fault.isPresent()) {
            return new Decision.Refused(fault.get());
        }
        Instant startTime = definition.getStartTime();
        JobStatus status = startTime != null && startTime.isAfter(now) ? JobStatus.SCHEDULED : JobStatus.QUEUED;
        return happened(definition.getJobId(), now, new JobCreated(definition, create.jobNumber(), status));
    }

    private static Decision cancel(@Nullable Job job, Instant now) {
        if (job == null) {
            return refused(RefusalReason.JOB_NOT_FOUND, "There is no such job.");
        }
        return switch (job.getStatus()) {
            case SCHEDULED, QUEUED, RUNNING -> happened(jobId(job), now, new JobCancelled());
            case COMPLETED, FAILED, CANCELLED -> new Decision.Nothing();
        };
    }

    private static Decision queue(@Nullable Job job, Instant now) {
        if (job == null || job.getStatus() != JobStatus.SCHEDULED) {
            return new Decision.Nothing();
        }
        Instant startTime = job.getDefinition().getStartTime();
        return startTime != null && startTime.isAfter(now)
                ? new Decision.Nothing()
                : happened(jobId(job), now, new JobQueued());
    }

    private static Decision start(@Nullable Job job, Instant now) {
        if (job == null || job.getStatus() != JobStatus.QUEUED) {
            return new Decision.Nothing();
        }
        try {
            Condition.parse(job.getDefinition().getQueryCondition());
        } catch (QueryException e) {
            return happened(jobId(job), now, new JobFailed(e.getMessage()));
        }
        int seconds = job.getDefinition().getMaxExecutionSeconds();
        return happened(
                jobId(job),
                now,
                new JobStarted(now.plusSeconds(seconds == 0 ? DEFAULT_MAX_EXECUTION_SECONDS : seconds)));
    }

    private static Decision timeOut(@Nullable Job job, Instant now) {
        if (job == null || job.getStatus() != JobStatus.RUNNING || job.getTimedOut()) {
            return new Decision.Nothing();
        }
        Instant deadline = job.getDeadline();
        return deadline != null && deadline.isAfter(now)
                ? new Decision.Nothing()
                : happened(jobId(job), now, new JobTimedOut());
    }

    private static Decision tally(@Nullable Job job, JobStatistics statistics, Instant now) {
        if (job == null || job.getStatus() != JobStatus.RUNNING) {
            return new Decision.Nothing();
        }
        boolean listed =
                statistics.getPartitions() > 0 && statistics.getPartitionsExpanded() == statistics.getPartitions();
        boolean ended =
                statistics.getCounts().getQueued() + statistics.getCounts().getRunning() == 0;
        return listed && ended
                ? happened(jobId(job), now, new JobCompleted(statistics.getCounts()))
                : new Decision.Nothing();
    }

    /** The job after the event. */
    public static Job evolve(@Nullable Job job, JobEvent event) {
        Instant at = event.getAt();
        if (event.getEvent() instanceof JobCreated created) {
            return Job.newBuilder()
                    .setDefinition(created.getDefinition())
                    .setJobNumber(created.getJobNumber())
                    .setStatus(created.getStatus())
                    .setCreatedAt(at)
                    .setRevision(1)
                    .build();
        }
        if (job == null) {
            throw new IllegalStateException("an event of a job that was never created, jobId=" + event.getJobId());
        }
        Job.Builder next = Job.newBuilder(job).setRevision(job.getRevision() + 1);
        return switch (event.getEvent()) {
            case JobQueued _ -> next.setStatus(JobStatus.QUEUED).build();
            case JobStarted started ->
                next.setStatus(JobStatus.RUNNING)
                        .setStartedAt(at)
                        .setDeadline(started.getDeadline())
                        .build();
            case JobTimedOut _ -> next.setTimedOut(true).build();
            case JobCompleted _ ->
                next.setStatus(JobStatus.COMPLETED).setEndedAt(at).build();
            case JobFailed failed ->
                next.setStatus(JobStatus.FAILED)
                        .setEndedAt(at)
                        .setFailureReason(failed.getFailureReason())
                        .build();
            case JobCancelled _ ->
                next.setStatus(JobStatus.CANCELLED).setEndedAt(at).build();
            case Object unknown ->
                throw new IllegalStateException("not an event of a job, class=" + unknown.getClass());
        };
    }

    /** When the job wants to be looked at again, whatever else happens. */
    public static Optional<Instant> due(Job job) {
        return switch (job.getStatus()) {
            case SCHEDULED -> Optional.ofNullable(job.getDefinition().getStartTime());
            case RUNNING -> job.getTimedOut() ? Optional.empty() : Optional.ofNullable(job.getDeadline());
            case QUEUED, COMPLETED, FAILED, CANCELLED -> Optional.empty();
        };
    }

    /** What to ask the decider when {@link #due} has come. */
    public static JobIntent whenDue(Job job) {
        return job.getStatus() == JobStatus.SCHEDULED ? new JobIntent.Queue() : new JobIntent.TimeOut();
    }

    private static Optional<Refusal> fault(JobDefinition definition) {
        if (!JOB_ID.matcher(definition.getJobId()).matches()
                || definition.getJobId().equals("query")) {
            return invalid("A job id has 1 to 64 letters, digits or hyphens, and is not \"query\".");
        }
        if (definition.getQueryCondition().isBlank()) {
            return Optional.of(new Refusal(
                    RefusalReason.ARGUMENT_NULL, "queryCondition is empty: name devices, or * for all of them."));
        }
        if (definition.getMaxExecutionSeconds() < 0) {
            return invalid("maxExecutionTimeInSeconds is negative.");
        }
        return switch (definition.getOperation()) {
            case DeviceMethod method -> fault(method);
            case TwinPatch patch -> fault(patch);
            case Object unknown -> throw new IllegalStateException("not an operation, class=" + unknown.getClass());
        };
    }

    /** What is wrong with a method call, if anything. Contract: iot-hub, 1.6. */
    public static Optional<Refusal> fault(DeviceMethod method) {
        if (!METHOD_NAME.matcher(method.getMethodName()).matches()) {
            return invalid("A method's name has 1 to 128 letters, digits or characters of _-.~ and no others.");
        }
        if (method.getResponseTimeoutSeconds() < SHORTEST_RESPONSE_SECONDS
                || method.getResponseTimeoutSeconds() > LONGEST_RESPONSE_SECONDS) {
            return invalid("responseTimeoutInSeconds is " + SHORTEST_RESPONSE_SECONDS + " to "
                    + LONGEST_RESPONSE_SECONDS + ".");
        }
        if (method.getConnectTimeoutSeconds() < 0 || method.getConnectTimeoutSeconds() > LONGEST_RESPONSE_SECONDS) {
            return invalid("connectTimeoutInSeconds is 0 to " + LONGEST_RESPONSE_SECONDS + ".");
        }
        if (method.getPayload().length() > LARGEST_PAYLOAD) {
            return Optional.of(new Refusal(RefusalReason.TOO_LARGE, "A method's payload has 128 KB at most."));
        }
        try {
            Json.value(method.getPayload());
            return Optional.empty();
        } catch (MalformedJsonException e) {
            return invalid("The method's payload can't be read: " + e.getMessage() + ".");
        }
    }

    private static Optional<Refusal> fault(TwinPatch patch) {
        if (patch.getTags() == null && patch.getDesired() == null) {
            return Optional.of(
                    new Refusal(RefusalReason.ARGUMENT_NULL, "updateTwin names neither tags nor desired properties."));
        }
        return TwinEdit.parse(TwinEdit.Mode.PATCH, patch.getIfMatch(), patch.getTags(), patch.getDesired())
                        instanceof TwinEdit.Parsed.Invalid invalid
                ? Optional.of(invalid.refusal())
                : Optional.empty();
    }

    private static Optional<Refusal> invalid(String sentence) {
        return Optional.of(new Refusal(RefusalReason.ARGUMENT_INVALID, sentence));
    }

    private static Decision refused(RefusalReason reason, String sentence) {
        return new Decision.Refused(new Refusal(reason, sentence));
    }

    private static Decision happened(String jobId, Instant now, Object event) {
        return new Decision.Happened(new JobEvent(jobId, now, event));
    }

    private static String jobId(Job job) {
        return job.getDefinition().getJobId();
    }
}
