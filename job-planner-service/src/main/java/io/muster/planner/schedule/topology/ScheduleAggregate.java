package io.muster.planner.schedule.topology;

import io.muster.planner.schedule.ScheduleDecider;
import io.muster.planner.schedule.ScheduleInput;
import io.muster.records.CreateFleetJob;
import io.muster.records.CreateJob;
import io.muster.records.DeleteSchedule;
import io.muster.records.FireSchedule;
import io.muster.records.JobCommand;
import io.muster.records.JobDefinition;
import io.muster.records.RunSiteJob;
import io.muster.records.RunWebJob;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCommand;
import io.muster.records.ScheduleDeleted;
import io.muster.records.ScheduleEvent;
import io.muster.records.ScheduleFired;
import io.muster.records.ScheduleRefused;
import io.muster.records.SiteCommand;
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
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Runs schedules. A firing and the command that it gives are one transaction: a planner that is killed fires each time once. For one task.
 */
public final class ScheduleAggregate implements Aggregate<Schedule, ScheduleInput, ScheduleEvent> {
    /** Names the processor, and its sinks for topics that others write too. */
    public static final String NAME = "schedule";

    private static final String TRIGGER = "Schedule - ";
    private static final StoreSpec.OfTopic<Schedule> SCHEDULES = new StoreSpec.OfTopic<>("schedules", Topics.SCHEDULES);

    private static final StoreSpec.OfNumbers NUMBERS =
            new StoreSpec.OfNumbers("schedule-numbers", Topics.SCHEDULES.partitioning());

    private static final List<Feed<?, ScheduleAggregate, ScheduleInput>> FEEDS = List.of(Feed.commands(
            Topics.SCHEDULE_COMMANDS,
            ScheduleCommand::getScheduleId,
            (_, command, _) -> List.of(input(command)),
            ScheduleRefused.class,
            ScheduleAggregate::refused));

    /** Declares the coordinator of schedules. */
    public static final CoordinatorSpec<Schedule, ScheduleInput, ScheduleEvent, ScheduleAggregate> COORDINATOR =
            new CoordinatorSpec<>(
                    NAME,
                    SCHEDULES,
                    NUMBERS,
                    List.of(),
                    Topics.SCHEDULE_EVENTS,
                    List.of(),
                    FEEDS,
                    task -> new ScheduleAggregate(task.outbox()));

    private final Outbox outbox;

    private ScheduleAggregate(Outbox outbox) {
        this.outbox = outbox;
    }

    /** Returns the topics that they read. */
    public static List<Topic<?>> reads() {
        return Feed.topics(FEEDS);
    }

    private static ScheduleInput input(ScheduleCommand command) throws InvalidRecordException {
        return switch (command.getCommand()) {
            case SaveSchedule save -> new ScheduleInput.Save(save.getDefinition());
            case FireSchedule _ -> new ScheduleInput.Fire();
            case DeleteSchedule _ -> new ScheduleInput.Delete();
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
        return List.of(new ScheduleInput.Due());
    }

    @Override
    public Optional<Object> removed() {
        return Optional.of(new ScheduleDeleted());
    }

    @Override
    public void happened(Change<Schedule, ScheduleEvent> change) {
        if (change.event().getEvent() instanceof ScheduleFired fired && change.after() != null) {
            act(change.id(), change.after().getDefinition().getAction(), fired, change.at());
        }
    }

    private void act(String id, Object action, ScheduleFired fired, Instant now) {
        switch (action) {
            case CreateFleetJob create -> {
                JobDefinition job = ScheduleDecider.job(create, fired);
                outbox.send(
                        Outbox.sink(Topics.JOB_COMMANDS, NAME),
                        Topics.JOB_COMMANDS,
                        Route.byKey(job.getJobId()),
                        new JobCommand(job.getJobId(), new CreateJob(job)),
                        now);
            }
            case RunSiteJob run ->
                outbox.send(
                        Outbox.sink(Topics.SITE_COMMANDS, NAME),
                        Topics.SITE_COMMANDS,
                        Route.byKey(run.getSite()),
                        new SiteCommand(
                                run.getSite(),
                                new RunWebJob(
                                        run.getWebJob(),
                                        run.getArguments(),
                                        TRIGGER + id.substring(id.lastIndexOf('/') + 1))),
                        now);
            case Object unknown -> throw new IllegalStateException("not an action, class=" + unknown.getClass());
        }
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
