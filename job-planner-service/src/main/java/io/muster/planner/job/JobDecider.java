package io.muster.planner.job;

import io.muster.planner.request.Fault;
import io.muster.planner.work.Operations;
import io.muster.query.device.Condition;
import io.muster.query.device.Query;
import io.muster.query.kernel.QueryException;
import io.muster.records.ExecutionWindow;
import io.muster.records.Job;
import io.muster.records.JobAborted;
import io.muster.records.JobAdmitted;
import io.muster.records.JobCancelled;
import io.muster.records.JobCompleted;
import io.muster.records.JobCreated;
import io.muster.records.JobDefinition;
import io.muster.records.JobEvent;
import io.muster.records.JobFailed;
import io.muster.records.JobForgotten;
import io.muster.records.JobPaused;
import io.muster.records.JobPolicy;
import io.muster.records.JobQueued;
import io.muster.records.JobRefusalReason;
import io.muster.records.JobRefused;
import io.muster.records.JobReleased;
import io.muster.records.JobResumed;
import io.muster.records.JobStarted;
import io.muster.records.JobStatistics;
import io.muster.records.JobStatus;
import io.muster.records.JobTimedOut;
import io.muster.records.JobWindowClosed;
import io.muster.records.JobWindowOpened;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides on the life of a job. Contract: iot-hub, 2.2, and docs/jobs.md where it goes beyond.
 *
 * <pre>
 * (none)    --Create--> SCHEDULED (start time ahead) or QUEUED
 * SCHEDULED --Queue---> QUEUED
 * QUEUED    --Start---> RUNNING, or FAILED when the condition does not parse, or QUEUED outside its windows
 * RUNNING   --Tally---> COMPLETED, when every partition has listed its targets and every device job has ended; or CANCELLED, when more failed than may
 * RUNNING   --TimeOut-> RUNNING with its device jobs ended
 * RUNNING   --Pace----> RUNNING with more released or a window opened or closed, or CANCELLED when too many failed
 * SCHEDULED, QUEUED, RUNNING --Cancel--> CANCELLED
 * SCHEDULED, QUEUED, RUNNING --Pause, Resume--> the same, paused or not
 * QUEUED    --Fail----> FAILED
 * QUEUED, RUNNING --Deny--> FAILED, or paused where it has begun: its lane has no room for it
 * QUEUED, RUNNING --Admit--> the same, with a place in its lane: without one it does not start, and a resumed one goes on with nothing
 * COMPLETED, FAILED, CANCELLED --Forget--> (none)
 * </pre>
 */
public final class JobDecider {
    private static final Pattern JOB_ID = Pattern.compile("[A-Za-z0-9_-]{1,280}");
    private static final String LINE_FULL = "As many jobs wait in line as may: make it again when fewer do.";
    private static final int DEFAULT_MAX_EXECUTION_SECONDS = 3600;

    /** Keeps a job for so long after its end. Contract: iot-hub, 2.2. */
    private static final Duration HISTORY = Duration.ofDays(30);

    private JobDecider() {}

    /** Decides what comes of an input. @param job null where there is none of that id */
    public static Decision<JobEvent> decide(@Nullable Job job, JobInput input, Instant now) {
        return switch (input) {
            case JobInput.Create create -> create(job, create, now);
            case JobInput.Cancel _ -> cancel(job, now);
            case JobInput.Pause _ -> pause(job, true, now);
            case JobInput.Resume _ -> pause(job, false, now);
            case JobInput.Fail fail -> fail(job, fail, now);
            case JobInput.Admit admit -> admit(job, admit, now);
            case JobInput.Deny deny -> deny(job, deny, now);
            case JobInput.Queue _ -> queue(job, now);
            case JobInput.Start _ -> start(job, now);
            case JobInput.TimeOut _ -> timeOut(job, now);
            case JobInput.Tally tally -> tally(job, tally.statistics(), now);
            case JobInput.Pace pace -> pace(job, pace.statistics(), now);
            case JobInput.Forget _ -> forget(job, now);
        };
    }

    private static Decision<JobEvent> create(@Nullable Job job, JobInput.Create create, Instant now) {
        JobDefinition definition = create.definition();
        if (job != null) {
            return refused(JobRefusalReason.ALREADY_EXISTS, "There is a job " + definition.getJobId() + " already.");
        }
        if (create.until() != null && now.isAfter(create.until())) {
            return refused(JobRefusalReason.LATE, "It was to be made by " + create.until() + ".");
        }
        Optional<Fault> fault = fault(definition);
        if (fault.isPresent()) {
            return refused(fault.get());
        }
        if (create.full()) {
            return refused(
                    JobRefusalReason.TOO_MANY_ACTIVE,
                    "The largest number of jobs is active: wait until one ends, or cancel one.");
        }
        Instant startTime = definition.getStartTime();
        JobStatus status = startTime != null && startTime.isAfter(now) ? JobStatus.SCHEDULED : JobStatus.QUEUED;
        return happened(definition.getJobId(), now, new JobCreated(definition, create.jobNumber(), status));
    }

    private static Decision<JobEvent> cancel(@Nullable Job job, Instant now) {
        if (job == null) {
            return refused(JobRefusalReason.NOT_FOUND, "There is no such job.");
        }
        return switch (job.getStatus()) {
            case SCHEDULED, QUEUED, RUNNING -> happened(jobId(job), now, new JobCancelled());
            case COMPLETED, FAILED, CANCELLED -> new Decision.Nothing<>();
        };
    }

    private static Decision<JobEvent> pause(@Nullable Job job, boolean paused, Instant now) {
        if (job == null) {
            return refused(JobRefusalReason.NOT_FOUND, "There is no such job.");
        }
        return switch (job.getStatus()) {
            case SCHEDULED, QUEUED, RUNNING ->
                job.getPaused() == paused
                        ? new Decision.Nothing<>()
                        : happened(jobId(job), now, paused ? new JobPaused() : new JobResumed());
            case COMPLETED, FAILED, CANCELLED ->
                refused(
                        JobRefusalReason.ENDED,
                        "The job has ended: it is " + job.getStatus().name().toLowerCase(Locale.ROOT) + ".");
        };
    }

    private static Decision<JobEvent> fail(@Nullable Job job, JobInput.Fail fail, Instant now) {
        return job != null && job.getJobNumber() == fail.jobNumber() && job.getStatus() == JobStatus.QUEUED
                ? happened(jobId(job), now, new JobFailed(fail.reason()))
                : new Decision.Nothing<>();
    }

    private static Decision<JobEvent> admit(@Nullable Job job, JobInput.Admit admit, Instant now) {
        return job != null && isInLine(job, admit.jobNumber(), admit.ticket())
                ? happened(jobId(job), now, new JobAdmitted())
                : new Decision.Nothing<>();
    }

    /** Decides about a job that can't wait in line: one that has not begun fails, and one that was resumed is paused as before. */
    private static Decision<JobEvent> deny(@Nullable Job job, JobInput.Deny deny, Instant now) {
        return job != null && isInLine(job, deny.jobNumber(), deny.ticket())
                ? happened(jobId(job), now, job.getStartedAt() == null ? new JobFailed(LINE_FULL) : new JobPaused())
                : new Decision.Nothing<>();
    }

    private static boolean isInLine(Job job, long jobNumber, long ticket) {
        return job.getJobNumber() == jobNumber && job.getTicket() == ticket && waitsInLine(job);
    }

    /** Returns the lane that a job is in, or wants to be in; empty for a job that waits for none. */
    public static Optional<String> lane(Job job) {
        return wantsPlace(job)
                ? Optional.ofNullable(job.getDefinition().getPolicy()).map(JobPolicy::getLane)
                : Optional.empty();
    }

    private static boolean wantsPlace(Job job) {
        return !job.getPaused() && (job.getStatus() == JobStatus.QUEUED || job.getStatus() == JobStatus.RUNNING);
    }

    /** Returns whether a job waits until its lane has a place for it. */
    public static boolean waitsInLine(Job job) {
        return lane(job).isPresent() && !job.getAdmitted();
    }

    private static Decision<JobEvent> queue(@Nullable Job job, Instant now) {
        if (job == null || job.getStatus() != JobStatus.SCHEDULED) {
            return new Decision.Nothing<>();
        }
        Instant startTime = job.getDefinition().getStartTime();
        return startTime != null && startTime.isAfter(now)
                ? new Decision.Nothing<>()
                : happened(jobId(job), now, new JobQueued());
    }

    private static Decision<JobEvent> start(@Nullable Job job, Instant now) {
        if (job == null || job.getStatus() != JobStatus.QUEUED || job.getPaused() || waitsInLine(job)) {
            return new Decision.Nothing<>();
        }
        if (!Windows.isOpen(windows(job), now)) {
            return job.getOutsideWindow() ? new Decision.Nothing<>() : happened(jobId(job), now, new JobWindowClosed());
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

    private static Decision<JobEvent> timeOut(@Nullable Job job, Instant now) {
        if (job == null || job.getStatus() != JobStatus.RUNNING || job.getTimedOut()) {
            return new Decision.Nothing<>();
        }
        Instant deadline = job.getDeadline();
        return deadline != null && deadline.isAfter(now)
                ? new Decision.Nothing<>()
                : happened(jobId(job), now, new JobTimedOut());
    }

    private static Decision<JobEvent> tally(@Nullable Job job, JobStatistics statistics, Instant now) {
        if (job == null || job.getStatus() != JobStatus.RUNNING || !isOf(statistics, job)) {
            return new Decision.Nothing<>();
        }
        JobPolicy policy = job.getDefinition().getPolicy();
        Optional<String> excess = policy == null ? Optional.empty() : Pacing.excess(policy, job, statistics);
        if (excess.isPresent()) {
            return happened(jobId(job), now, new JobAborted(excess.get()));
        }
        boolean goesOn = isContinuous(job) && !job.getTimedOut();
        boolean listed = Pacing.isListed(statistics);
        boolean ended =
                statistics.getCounts().getQueued() + statistics.getCounts().getRunning() == 0;
        return listed && ended && !goesOn
                ? happened(jobId(job), now, new JobCompleted(statistics.getCounts()))
                : new Decision.Nothing<>();
    }

    private static Decision<JobEvent> pace(@Nullable Job job, @Nullable JobStatistics statistics, Instant now) {
        if (job == null
                || job.getStatus() != JobStatus.RUNNING
                || job.getDefinition().getPolicy() == null) {
            return new Decision.Nothing<>();
        }
        JobPolicy policy = job.getDefinition().getPolicy();
        @Nullable JobStatistics own = statistics != null && isOf(statistics, job) ? statistics : null;
        Optional<String> abortion = own == null ? Optional.empty() : Pacing.abortion(policy, job, own);
        if (abortion.isPresent()) {
            return happened(jobId(job), now, new JobAborted(abortion.get()));
        }
        boolean open = Windows.isOpen(policy.getWindows(), now);
        if (open == job.getOutsideWindow()) {
            return happened(jobId(job), now, open ? new JobWindowOpened() : new JobWindowClosed());
        }
        Optional<JobReleased> release =
                own != null && releases(job, own) ? Pacing.release(policy, job, own, now) : Optional.empty();
        return release.isPresent() ? happened(jobId(job), now, release.get()) : new Decision.Nothing<>();
    }

    /** Returns whether targets of the job wait for their release. */
    private static boolean releases(Job job, JobStatistics statistics) {
        return Pacing.isPaced(job.getDefinition().getPolicy())
                && Pacing.isListed(statistics)
                && !job.getPaused()
                && !waitsInLine(job)
                && !job.getOutsideWindow()
                && !job.getTimedOut();
    }

    private static boolean isOf(JobStatistics statistics, Job job) {
        return statistics.getJobNumber() == job.getJobNumber();
    }

    private static Decision<JobEvent> forget(@Nullable Job job, Instant now) {
        Instant endedAt = job == null ? null : job.getEndedAt();
        return job == null || endedAt == null || endedAt.plus(HISTORY).isAfter(now)
                ? new Decision.Nothing<>()
                : happened(jobId(job), now, new JobForgotten());
    }

    private static boolean isContinuous(Job job) {
        JobPolicy policy = job.getDefinition().getPolicy();
        return policy != null && policy.getContinuous();
    }

    private static List<ExecutionWindow> windows(Job job) {
        JobPolicy policy = job.getDefinition().getPolicy();
        return policy == null ? List.of() : policy.getWindows();
    }

    /** Returns the job after the event; null when it is forgotten. */
    public static @Nullable Job evolve(@Nullable Job job, JobEvent event) {
        Instant at = event.getAt();
        if (event.getEvent() instanceof JobCreated created) {
            return Job.newBuilder()
                    .setDefinition(created.getDefinition())
                    .setJobNumber(created.getJobNumber())
                    .setStatus(created.getStatus())
                    .setCreatedAt(at)
                    .setRevision(1)
                    .setTicket(1)
                    .build();
        }
        if (job == null) {
            throw new IllegalStateException("an event of a job that was never created, jobId=" + event.getJobId());
        }
        Job.Builder next = Job.newBuilder(job).setRevision(job.getRevision() + 1);
        return switch (event.getEvent()) {
            case JobForgotten _ -> null;
            case JobQueued _ ->
                next.setStatus(JobStatus.QUEUED).setTicket(next.getRevision()).build();
            case JobStarted started ->
                next.setStatus(JobStatus.RUNNING)
                        .setStartedAt(at)
                        .setDeadline(started.getDeadline())
                        .setOutsideWindow(false)
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
            case JobAborted aborted ->
                next.setStatus(JobStatus.CANCELLED)
                        .setEndedAt(at)
                        .setFailureReason(aborted.getFailureReason())
                        .build();
            case JobPaused _ -> next.setPaused(true).setAdmitted(false).build();
            case JobResumed _ ->
                next.setPaused(false).setTicket(next.getRevision()).build();
            case JobAdmitted _ -> next.setAdmitted(true).build();
            case JobWindowClosed _ -> next.setOutsideWindow(true).build();
            case JobWindowOpened _ -> next.setOutsideWindow(false).build();
            case JobReleased released ->
                next.setGrants(released.getGrants())
                        .setFailedBeforeBatch(released.getFailedBeforeBatch())
                        .setRateUsedUntil(released.getUsedUntil())
                        .build();
            case Object unknown ->
                throw new IllegalStateException("not an event of a job, class=" + unknown.getClass());
        };
    }

    /**
     * Returns when time itself is the job's next input, whatever else happens.
     *
     * @param statistics the latest; null before the first
     */
    public static Optional<Instant> due(Job job, @Nullable JobStatistics statistics, Instant now) {
        return switch (job.getStatus()) {
            case SCHEDULED -> Optional.ofNullable(job.getDefinition().getStartTime());
            case QUEUED -> Windows.nextChange(windows(job), now);
            case RUNNING ->
                Stream.of(
                                job.getTimedOut() ? Optional.<Instant>empty() : Optional.ofNullable(job.getDeadline()),
                                Windows.nextChange(windows(job), now),
                                nextRelease(job, statistics, now))
                        .flatMap(Optional::stream)
                        .min(Instant::compareTo);
            case COMPLETED, FAILED, CANCELLED ->
                Optional.ofNullable(job.getEndedAt()).map(ended -> ended.plus(HISTORY));
        };
    }

    private static Optional<Instant> nextRelease(Job job, @Nullable JobStatistics statistics, Instant now) {
        JobPolicy policy = job.getDefinition().getPolicy();
        return policy != null && statistics != null && isOf(statistics, job) && releases(job, statistics)
                ? Pacing.next(policy, job, statistics, now)
                : Optional.empty();
    }

    /** Returns the inputs when {@link #due} has come, in order. */
    public static List<JobInput> whenDue(Job job, @Nullable JobStatistics statistics) {
        return switch (job.getStatus()) {
            case SCHEDULED -> List.of(new JobInput.Queue(), new JobInput.Start());
            case QUEUED -> List.of(new JobInput.Start());
            case RUNNING -> List.of(new JobInput.TimeOut(), new JobInput.Pace(statistics));
            case COMPLETED, FAILED, CANCELLED -> List.of(new JobInput.Forget());
        };
    }

    private static Optional<Fault> fault(JobDefinition definition) {
        if (!JOB_ID.matcher(definition.getJobId()).matches()) {
            return invalid("A job id has 1 to 280 letters, digits, hyphens or underscores.");
        }
        if (definition.getQueryCondition().isBlank()) {
            return Optional.of(Fault.incomplete("queryCondition is empty: name devices, or * for all of them."));
        }
        if (definition.getQueryCondition().length() > Query.LONGEST) {
            return invalid("queryCondition has up to " + Query.LONGEST + " characters, and not "
                    + definition.getQueryCondition().length() + ".");
        }
        if (definition.getMaxExecutionSeconds() < 0) {
            return invalid("maxExecutionTimeInSeconds is negative.");
        }
        Optional<String> policyFault = Policies.fault(definition);
        if (policyFault.isPresent()) {
            return invalid(policyFault.get());
        }
        return Operations.fault(definition.getOperation());
    }

    private static Optional<Fault> invalid(String sentence) {
        return Optional.of(Fault.invalid(sentence));
    }

    private static Decision<JobEvent> refused(Fault fault) {
        JobRefusalReason reason = switch (fault.kind()) {
            case INVALID -> JobRefusalReason.INVALID;
            case INCOMPLETE -> JobRefusalReason.INCOMPLETE;
            case TOO_LARGE -> JobRefusalReason.TOO_LARGE;
        };
        return refused(reason, fault.sentence());
    }

    private static Decision<JobEvent> refused(JobRefusalReason reason, String sentence) {
        return new Decision.Refused<>(new JobRefused(reason, sentence));
    }

    private static Decision<JobEvent> happened(String jobId, Instant now, Object event) {
        return new Decision.Happened<>(new JobEvent(jobId, now, event));
    }

    private static String jobId(Job job) {
        return job.getDefinition().getJobId();
    }
}
