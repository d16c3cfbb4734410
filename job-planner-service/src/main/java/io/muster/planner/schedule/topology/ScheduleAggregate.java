package io.muster.planner.schedule.topology;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.muster.planner.batch.BatchJobSchedules;
import io.muster.planner.schedule.CallOrder;
import io.muster.planner.schedule.ScheduleDecider;
import io.muster.planner.schedule.ScheduleInput;
import io.muster.records.AddBatchJob;
import io.muster.records.BatchJobCommand;
import io.muster.records.CreateBatchJob;
import io.muster.records.CreateFleetJob;
import io.muster.records.CreateJob;
import io.muster.records.DeleteSchedule;
import io.muster.records.EndSchedule;
import io.muster.records.EndScheduledJob;
import io.muster.records.FireSchedule;
import io.muster.records.FiringOrder;
import io.muster.records.IfScheduleRevision;
import io.muster.records.JobCommand;
import io.muster.records.JobDefinition;
import io.muster.records.ReportScheduleCall;
import io.muster.records.ReportScheduledJob;
import io.muster.records.RunSiteJob;
import io.muster.records.RunWebJob;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCall;
import io.muster.records.ScheduleCallRepeated;
import io.muster.records.ScheduleCommand;
import io.muster.records.ScheduleDeleted;
import io.muster.records.ScheduleEnded;
import io.muster.records.ScheduleEvent;
import io.muster.records.ScheduleFired;
import io.muster.records.ScheduleMissed;
import io.muster.records.ScheduleRefused;
import io.muster.records.SiteCommand;
import io.muster.records.SuspendSchedule;
import io.muster.records.WithholdSchedule;
import io.muster.service.InvalidRecordException;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.coordinator.Aggregate;
import io.muster.service.coordinator.Change;
import io.muster.service.coordinator.CoordinatorSpec;
import io.muster.service.coordinator.Feed;
import io.muster.service.decider.Decision;
import io.muster.service.state.StoreSpec;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Runs schedules. A firing and the command that it gives are one transaction: a planner that is killed fires each time once. For one task.
 */
public final class ScheduleAggregate implements Aggregate<Schedule, ScheduleInput, ScheduleEvent> {
    /** Names the processor, and its sinks for topics that others write too. */
    public static final String NAME = "schedule";

    /** Bounds the jobs of Batch that go with their schedule: users delete those that are older. */
    private static final int MOST_JOBS_DELETED = 10_000;

    private static final String TRIGGER = "Schedule - ";
    private static final StoreSpec.OfTopic<Schedule> SCHEDULES = new StoreSpec.OfTopic<>("schedules", Topics.SCHEDULES);

    private static final StoreSpec.OfNumbers NUMBERS =
            new StoreSpec.OfNumbers("schedule-numbers", Topics.SCHEDULES.partitioning());

    private static final List<Feed<?, ScheduleAggregate, ScheduleInput>> FEEDS = List.of(Feed.commands(
            Topics.SCHEDULE_COMMANDS,
            ScheduleCommand::getScheduleId,
            (_, command, _) -> List.of(input(command.getCommand())),
            ScheduleRefused.class,
            ScheduleAggregate::refused));

    /** Returns the declaration of the coordinator of schedules. */
    public static CoordinatorSpec<Schedule, ScheduleInput, ScheduleEvent, ScheduleAggregate> coordinator(
            MeterRegistry meters) {
        return new CoordinatorSpec<>(
                NAME,
                SCHEDULES,
                NUMBERS,
                List.of(),
                Topics.SCHEDULE_EVENTS,
                List.of(Topics.SCHEDULE_CALLS),
                FEEDS,
                task -> new ScheduleAggregate(task.outbox(), meters));
    }

    private final Outbox outbox;
    private final Counter firings;
    private final Counter missed;

    private ScheduleAggregate(Outbox outbox, MeterRegistry meters) {
        this.outbox = outbox;
        this.firings = meters.counter("muster.schedule.firings");
        this.missed = meters.counter("muster.schedule.missed");
    }

    /** Returns the stores of its tasks. */
    public static List<StoreSpec<?>> stores() {
        return List.of(SCHEDULES, NUMBERS);
    }

    /** Returns the topics that they read. */
    public static List<Topic<?>> reads() {
        return Feed.topics(FEEDS);
    }

    private static ScheduleInput input(Object command) throws InvalidRecordException {
        return switch (command) {
            case SaveSchedule save -> new ScheduleInput.Save(save.getDefinition());
            case SuspendSchedule suspend -> new ScheduleInput.Suspend(suspend.getSuspended());
            case WithholdSchedule withhold -> new ScheduleInput.Withhold(withhold.getWriter(), withhold.getReason());
            case FireSchedule _ -> new ScheduleInput.Fire();
            case DeleteSchedule _ -> new ScheduleInput.Delete();
            case EndSchedule _ -> new ScheduleInput.End();
            case IfScheduleRevision asked ->
                new ScheduleInput.IfRevision(asked.getRevision(), input(asked.getCommand()));
            case ReportScheduleCall report -> new ScheduleInput.Report(report);
            case Object unknown -> throw new InvalidRecordException("unknown command " + unknown.getClass());
        };
    }

    @Override
    public Decision<ScheduleEvent> decide(String id, @Nullable Schedule schedule, ScheduleInput input, Instant now) {
        return ScheduleDecider.decide(id, schedule, input, now);
    }

    @Override
    public @Nullable Schedule evolve(@Nullable Schedule schedule, ScheduleEvent event) {
        return ScheduleDecider.evolve(schedule, event);
    }

    @Override
    public Optional<Instant> due(String id, Schedule schedule, Instant now) {
        return ScheduleDecider.due(schedule);
    }

    @Override
    public List<ScheduleInput> whenDue(String id, Schedule schedule) {
        return ScheduleDecider.whenDue(schedule);
    }

    @Override
    public Optional<Object> removed() {
        return Optional.of(new ScheduleDeleted());
    }

    @Override
    public void happened(Change<Schedule, ScheduleEvent> change) {
        Schedule after = change.after();
        endJobs(change);
        if (after == null) {
            return;
        }
        switch (change.event().getEvent()) {
            case ScheduleMissed late -> missed.increment(late.getMissed());
            case ScheduleFired fired -> {
                firings.increment();
                missed.increment(fired.getMissed());
                if (after.getDefinition().getAction() instanceof CreateFleetJob create) {
                    make(ScheduleDecider.job(create, fired.getRun()), after, fired.getRun(), change.at());
                } else if (after.getDefinition().getAction() instanceof CreateBatchJob create) {
                    batchJob(
                            create,
                            after.getLastJob(),
                            new AddBatchJob(create.getDefinition()),
                            ScheduleDecider.reference(after, fired.getRun(), change.at()),
                            change.at());
                }
            }
            case ScheduleCallRepeated repeated
            when after.getDefinition().getAction() instanceof CreateBatchJob create ->
                batchJob(
                        create,
                        after.getLastJob(),
                        new ReportScheduledJob(),
                        ScheduleDecider.reference(after, repeated.getRun(), change.at()),
                        change.at());
            default -> {} // Orders nothing but, perhaps, a call or the end of a job.
        }
        ScheduleDecider.call(after, change.event()).ifPresent(order -> carryOut(order, change.at()));
    }

    private void make(JobDefinition job, Schedule schedule, String run, Instant now) {
        JobCommand command =
                new JobCommand(job.getJobId(), new CreateJob(job), ScheduleDecider.reference(schedule, run, now));
        send(Outbox.sink(Topics.JOB_COMMANDS, NAME), Topics.JOB_COMMANDS, job.getJobId(), command, now);
    }

    /** Ends the jobs of Batch of a schedule that has ended, or is deleted: the one that has not ended, or all, the last of them where there are very many. */
    private void endJobs(Change<Schedule, ScheduleEvent> change) {
        @Nullable Schedule before = change.before();
        if (before == null || !(before.getDefinition().getAction() instanceof CreateBatchJob create)) {
            return;
        }
        long last = before.getLastJob();
        switch (change.event().getEvent()) {
            case ScheduleEnded _
            when before.getActiveRun() != null -> batchJob(create, last, new EndScheduledJob(false), null, change.at());
            case ScheduleDeleted _ -> {
                for (long number = Math.max(1, last - MOST_JOBS_DELETED + 1); number <= last; number++) {
                    batchJob(create, number, new EndScheduledJob(true), null, change.at());
                }
            }
            default -> {} // Ends none.
        }
    }

    private void batchJob(
            CreateBatchJob create, long number, Object command, @Nullable FiringOrder order, Instant now) {
        String jobId = BatchJobSchedules.jobId(create.getJobScheduleId(), number);
        send(
                Outbox.sink(Topics.BATCH_JOB_COMMANDS, NAME),
                Topics.BATCH_JOB_COMMANDS,
                jobId.toLowerCase(Locale.ROOT),
                new BatchJobCommand(jobId, command, order),
                now);
    }

    /** Gives an order to whoever carries it out, and reports what became of it. */
    private void carryOut(CallOrder order, Instant now) {
        switch (order.action()) {
            case RunSiteJob site -> {
                RunWebJob run = new RunWebJob(site.getWebJob(), site.getArguments(), trigger(order.scheduleId()));
                SiteCommand command = new SiteCommand(site.getSite(), run, order.reference());
                send(Outbox.sink(Topics.SITE_COMMANDS, NAME), Topics.SITE_COMMANDS, site.getSite(), command, now);
            }
            case Object outside -> {
                ScheduleCall call = new ScheduleCall(
                        order.scheduleId(),
                        order.run(),
                        order.ofError(),
                        order.attempt(),
                        order.dueAt(),
                        order.until(),
                        outside);
                send(Outbox.sink(Topics.SCHEDULE_CALLS), Topics.SCHEDULE_CALLS, order.scheduleId(), call, now);
            }
        }
    }

    private <V extends SpecificRecord> void send(String sink, Topic<V> topic, String key, V command, Instant now) {
        outbox.send(sink, topic, Route.byKey(key), command, now);
    }

    private static String trigger(String scheduleId) {
        return TRIGGER + scheduleId.substring(scheduleId.lastIndexOf('/') + 1);
    }

    private void refused(ScheduleCommand command, ScheduleRefused refusal, Requester requester, Instant now) {
        outbox.send(
                Outbox.sink(Topics.SCHEDULE_EVENTS),
                Topics.SCHEDULE_EVENTS,
                Route.byKey(command.getScheduleId()),
                new ScheduleEvent(command.getScheduleId(), now, refusal),
                now,
                requester.requestId());
    }
}
