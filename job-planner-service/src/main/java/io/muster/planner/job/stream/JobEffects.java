package io.muster.planner.job.stream;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.planner.job.Decision;
import io.muster.records.CancelDeviceJobs;
import io.muster.records.DropDeviceJobs;
import io.muster.records.ExpandJob;
import io.muster.records.Expansion;
import io.muster.records.ExpireDeviceJobs;
import io.muster.records.ForgetJob;
import io.muster.records.HoldDeviceJobs;
import io.muster.records.Job;
import io.muster.records.JobAborted;
import io.muster.records.JobCancelled;
import io.muster.records.JobCommand;
import io.muster.records.JobCompleted;
import io.muster.records.JobCreated;
import io.muster.records.JobEvent;
import io.muster.records.JobFailed;
import io.muster.records.JobPaused;
import io.muster.records.JobQueued;
import io.muster.records.JobRefusal;
import io.muster.records.JobReleased;
import io.muster.records.JobResumed;
import io.muster.records.JobStarted;
import io.muster.records.JobTimedOut;
import io.muster.records.JobWindowClosed;
import io.muster.records.JobWindowOpened;
import io.muster.records.Refusal;
import io.muster.records.ReleaseDeviceJobs;
import io.muster.records.ResumeDeviceJobs;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** What is written when something happened to a job, and what a requester is told. */
final class JobEffects {
    private final Outbox outbox;
    private final int devicePartitions;
    private final JobLog log;

    JobEffects(Outbox outbox, int devicePartitions, MeterRegistry meters) {
        this.outbox = outbox;
        this.log = new JobLog(meters);
        this.devicePartitions = devicePartitions;
    }

    /** @param before null for a new job */
    void happened(JobEvent event, @Nullable Job before, Job after, Requester requester, Instant now) {
        Route route = Route.byKey(event.getJobId());
        outbox.send(Outbox.sink(Topics.JOB_EVENTS), Topics.JOB_EVENTS, route, event, now, requester.requestId());
        outbox.send(Outbox.sink(Topics.JOBS), Topics.JOBS, route, after, now);
        log.happened(event, after, requester);
        if (event.getEvent() instanceof JobReleased released) {
            release(event.getJobId(), before == null ? List.of() : before.getGrants(), released.getGrants(), now);
        } else {
            partitionRequest(event, before, after).ifPresent(request -> tellPartitions(event.getJobId(), request, now));
        }
    }

    /** The job's history is over. */
    void forgotten(JobEvent event, Instant now) {
        Route route = Route.byKey(event.getJobId());
        outbox.send(Outbox.sink(Topics.JOB_EVENTS), Topics.JOB_EVENTS, route, event, now, null);
        outbox.sendEncoded(Outbox.sink(Topics.JOBS), route, null, now, null);
        tellPartitions(event.getJobId(), new DropDeviceJobs(), now);
        log.forgotten(event);
    }

    private void release(String jobId, List<Long> before, List<Long> after, Instant now) {
        for (int partition = 0; partition < after.size(); partition++) {
            long earlier = partition < before.size() ? before.get(partition) : 0;
            if (after.get(partition) > earlier) {
                // One for each partition that there was when the job began: since then it may have been split.
                for (int of = partition; of < devicePartitions; of += after.size()) {
                    tell(jobId, of, new ReleaseDeviceJobs(after.get(partition)), now);
                }
            }
        }
    }

    private static boolean isHeld(@Nullable Job job) {
        return job != null && (job.getPaused() || job.getOutsideWindow());
    }

    /** What every device partition is to do about it. */
    private static Optional<Object> partitionRequest(JobEvent event, @Nullable Job before, Job job) {
        return switch (event.getEvent()) {
            case JobStarted started ->
                Optional.of(new ExpandJob(job.getDefinition(), job.getJobNumber(), started.getDeadline()));
            case JobTimedOut _ -> Optional.of(new ExpireDeviceJobs());
            case JobCompleted _ -> Optional.of(new ForgetJob());
            case JobCancelled _, JobAborted _ ->
                job.getStartedAt() == null ? Optional.empty() : Optional.of(new CancelDeviceJobs());
            case JobPaused _, JobResumed _, JobWindowClosed _, JobWindowOpened _ ->
                job.getStartedAt() == null || isHeld(before) == isHeld(job)
                        ? Optional.empty()
                        : Optional.of(isHeld(job) ? new HoldDeviceJobs() : new ResumeDeviceJobs());
            case JobCreated _, JobQueued _, JobFailed _ -> Optional.empty();
            case Object unknown ->
                throw new IllegalStateException("not an event of a job, class=" + unknown.getClass());
        };
    }

    private void tellPartitions(String jobId, Object request, Instant now) {
        for (int partition = 0; partition < devicePartitions; partition++) {
            tell(jobId, partition, request, now);
        }
    }

    private void tell(String jobId, int partition, Object request, Instant now) {
        outbox.send(
                Outbox.sink(Topics.EXPANSIONS),
                Topics.EXPANSIONS,
                new Route(jobId, partition),
                new Expansion(jobId, partition, devicePartitions, request),
                now);
    }

    /** Tells the requester of a command, and everybody of a refusal. @param job as it is now */
    void answer(Decision decision, JobCommand command, @Nullable Job job, Requester requester, Instant now) {
        switch (decision) {
            case Decision.Refused refused -> {
                log.refused(command, refused.refusal(), requester);
                JobRefusal refusal = new JobRefusal(
                        command.getJobId(), now, command.getCommand().getClass().getSimpleName(), refused.refusal());
                outbox.send(
                        Outbox.sink(Topics.JOB_REFUSALS),
                        Topics.JOB_REFUSALS,
                        Route.byKey(command.getJobId()),
                        refusal,
                        now,
                        requester.requestId());
                reply(refused.refusal(), requester, now);
            }
            case Decision.Happened _, Decision.Nothing _ ->
                reply(Objects.requireNonNull(job, "a command that was not refused leaves a job"), requester, now);
        }
    }

    private void reply(Object outcome, Requester requester, Instant now) {
        assert outcome instanceof Job || outcome instanceof Refusal;
        outbox.reply(Outbox.sink(Topics.REPLIES, "job"), requester, outcome, now);
    }

    void giveUp(RecordMetadata position, Record<String, byte[]> record, String reason, Instant now) {
        outbox.giveUp(Outbox.sink(Topics.DEAD_LETTERS, "job"), position, record, reason, now);
    }
}
