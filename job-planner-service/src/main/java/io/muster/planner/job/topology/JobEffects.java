package io.muster.planner.job.topology;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.planner.job.JobDecider;
import io.muster.planner.order.OrderReports;
import io.muster.records.CancelDeviceJobs;
import io.muster.records.CreateJob;
import io.muster.records.DropDeviceJobs;
import io.muster.records.EnterLane;
import io.muster.records.ExpandJob;
import io.muster.records.Expansion;
import io.muster.records.ExpireDeviceJobs;
import io.muster.records.FiringOrder;
import io.muster.records.ForgetJob;
import io.muster.records.HoldDeviceJobs;
import io.muster.records.Job;
import io.muster.records.JobAborted;
import io.muster.records.JobAdmitted;
import io.muster.records.JobCancelled;
import io.muster.records.JobCommand;
import io.muster.records.JobCompleted;
import io.muster.records.JobCreated;
import io.muster.records.JobDefinition;
import io.muster.records.JobEvent;
import io.muster.records.JobFailed;
import io.muster.records.JobPaused;
import io.muster.records.JobQueued;
import io.muster.records.JobRefusal;
import io.muster.records.JobRefusalReason;
import io.muster.records.JobRefused;
import io.muster.records.JobReleased;
import io.muster.records.JobResumed;
import io.muster.records.JobStarted;
import io.muster.records.JobTimedOut;
import io.muster.records.JobWindowClosed;
import io.muster.records.JobWindowOpened;
import io.muster.records.LaneCommand;
import io.muster.records.LeaveLane;
import io.muster.records.ReleaseDeviceJobs;
import io.muster.records.ResumeDeviceJobs;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.coordinator.Change;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Writes what follows of a job's events and of refused commands. For one task. */
final class JobEffects {
    private final Outbox outbox;
    private final int devicePartitions;
    private final JobLog log;
    private final OrderReports reports;

    JobEffects(Outbox outbox, int devicePartitions, MeterRegistry meters) {
        this.outbox = outbox;
        this.reports = new OrderReports(outbox, JobAggregate.NAME);
        this.log = new JobLog(meters);
        this.devicePartitions = devicePartitions;
    }

    /** Writes what follows of an event, beside the event and the job. */
    void happened(Change<Job, JobEvent> change) {
        String jobId = change.id();
        Job before = change.before();
        Job after = change.after();
        if (after == null) {
            sendToPartitions(jobId, new DropDeviceJobs(), change.at());
            log.forgotten(change.event());
            return;
        }
        log.happened(change.event(), after, change.requester());
        moveInLane(before, after, change.at());
        if (change.event().getEvent() instanceof JobReleased released) {
            release(jobId, before == null ? List.of() : before.getGrants(), released.getGrants(), change.at());
        } else {
            partitionRequest(change.event(), before, after)
                    .ifPresent(request -> sendToPartitions(jobId, request, change.at()));
        }
    }

    private void release(String jobId, List<Long> before, List<Long> after, Instant now) {
        for (int partition = 0; partition < after.size(); partition++) {
            long earlier = partition < before.size() ? before.get(partition) : 0;
            if (after.get(partition) > earlier) {
                // One for each partition that there was when the job began: since then it may have been split.
                for (int of = partition; of < devicePartitions; of += after.size()) {
                    send(jobId, of, new ReleaseDeviceJobs(after.get(partition)), now);
                }
            }
        }
    }

    /** Has a job enter its lane, or leave it. */
    private void moveInLane(@Nullable Job before, Job after, Instant now) {
        Optional<String> from = before == null ? Optional.empty() : JobDecider.lane(before);
        Optional<String> to = JobDecider.lane(after);
        String jobId = after.getDefinition().getJobId();
        if (from.isEmpty() && to.isPresent()) {
            lane(to.get(), new EnterLane(jobId, after.getJobNumber(), after.getTicket()), now);
        } else if (from.isPresent() && to.isEmpty()) {
            lane(from.get(), new LeaveLane(jobId), now);
        }
    }

    private void lane(String lane, Object command, Instant now) {
        outbox.send(
                Outbox.sink(Topics.LANE_COMMANDS),
                Topics.LANE_COMMANDS,
                Route.byKey(lane),
                new LaneCommand(lane, command),
                now);
    }

    private static boolean isHeld(@Nullable Job job) {
        return job != null && (job.getPaused() || job.getOutsideWindow() || JobDecider.waitsInLine(job));
    }

    /** Returns the order to every device partition, if the event gives one. */
    private static Optional<Object> partitionRequest(JobEvent event, @Nullable Job before, Job job) {
        return switch (event.getEvent()) {
            case JobStarted started ->
                Optional.of(new ExpandJob(job.getDefinition(), job.getJobNumber(), started.getDeadline()));
            case JobTimedOut _ -> Optional.of(new ExpireDeviceJobs());
            case JobCompleted _ -> Optional.of(new ForgetJob());
            case JobCancelled _, JobAborted _ ->
                job.getStartedAt() == null ? Optional.empty() : Optional.of(new CancelDeviceJobs());
            case JobPaused _, JobResumed _, JobWindowClosed _, JobWindowOpened _, JobAdmitted _ ->
                job.getStartedAt() == null || isHeld(before) == isHeld(job)
                        ? Optional.empty()
                        : Optional.of(isHeld(job) ? new HoldDeviceJobs() : new ResumeDeviceJobs());
            case JobCreated _, JobQueued _, JobFailed _ -> Optional.empty();
            case Object unknown ->
                throw new IllegalStateException("not an event of a job, class=" + unknown.getClass());
        };
    }

    private void sendToPartitions(String jobId, Object request, Instant now) {
        for (int partition = 0; partition < devicePartitions; partition++) {
            send(jobId, partition, request, now);
        }
    }

    private void send(String jobId, int partition, Object request, Instant now) {
        outbox.send(
                Outbox.sink(Topics.EXPANSIONS),
                Topics.EXPANSIONS,
                new Route(jobId, partition),
                new Expansion(jobId, partition, devicePartitions, request),
                now);
    }

    /**
     * Has the job of a firing made under another id where its own is taken: by a schedule of the same name of another surface, or by a client. The other id has eight digits more,
     * which are the firing's own. Returns whether it has.
     */
    private boolean makeUnderAnotherId(JobCommand command, CreateJob create, JobRefused refusal, Instant now) {
        @Nullable FiringOrder order = command.getOrder();
        if (order == null || refusal.getReason() != JobRefusalReason.ALREADY_EXISTS) {
            return false;
        }
        String firing = order.getScheduleId() + ' ' + order.getRun();
        String more = '-'
                + UUID.nameUUIDFromBytes(firing.getBytes(StandardCharsets.UTF_8))
                        .toString()
                        .substring(0, 8);
        if (command.getJobId().endsWith(more)) {
            return false;
        }
        String jobId = command.getJobId() + more;
        JobDefinition definition =
                JobDefinition.newBuilder(create.getDefinition()).setJobId(jobId).build();
        outbox.send(
                Outbox.sink(Topics.JOB_COMMANDS, JobAggregate.NAME),
                Topics.JOB_COMMANDS,
                Route.byKey(jobId),
                new JobCommand(jobId, new CreateJob(definition), order),
                now);
        return true;
    }

    /** Writes a refusal where everybody can read it. */
    void refused(JobCommand command, JobRefused refusal, Requester requester, Instant now) {
        log.refused(command, refusal, requester);
        if (command.getCommand() instanceof CreateJob create && !makeUnderAnotherId(command, create, refusal, now)) {
            reports.failed(command.getOrder(), refusal.getMessage(), now);
        }
        outbox.send(
                Outbox.sink(Topics.JOB_REFUSALS),
                Topics.JOB_REFUSALS,
                Route.byKey(command.getJobId()),
                new JobRefusal(
                        command.getJobId(), now, command.getCommand().getClass().getSimpleName(), refusal),
                now,
                requester.requestId());
    }
}
