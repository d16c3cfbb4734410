package io.muster.planner.lane.topology;

import io.muster.planner.lane.LaneDecider;
import io.muster.planner.lane.LaneInput;
import io.muster.records.AdmitJob;
import io.muster.records.DenyJob;
import io.muster.records.EnterLane;
import io.muster.records.JobCommand;
import io.muster.records.Lane;
import io.muster.records.LaneAdmitted;
import io.muster.records.LaneCommand;
import io.muster.records.LaneEvent;
import io.muster.records.LaneRefused;
import io.muster.records.LeaveLane;
import io.muster.service.InvalidRecordException;
import io.muster.service.Outbox;
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
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Runs lanes: one task holds a lane, so that its number of jobs is exact. For one task. */
public final class LaneAggregate implements Aggregate<Lane, LaneInput, LaneEvent> {
    /** Names the processor, and its sinks for topics that others write too. */
    public static final String NAME = "lane";

    private static final StoreSpec.OfTopic<Lane> LANES = new StoreSpec.OfTopic<>("lanes", Topics.LANES);

    private static final StoreSpec.OfNumbers NUMBERS =
            new StoreSpec.OfNumbers("lane-numbers", Topics.LANES.partitioning());

    private static final List<Feed<?, LaneAggregate, LaneInput>> FEEDS =
            List.of(Feed.commands(Topics.LANE_COMMANDS, LaneCommand::getLane, (_, command, _) -> inputs(command)));

    private final Outbox outbox;
    private final int most;

    private LaneAggregate(Outbox outbox, int most) {
        this.outbox = outbox;
        this.most = most;
    }

    /** Declares the coordinator of lanes. @param most how many jobs of a lane run at once */
    public static CoordinatorSpec<Lane, LaneInput, LaneEvent, LaneAggregate> coordinator(int most) {
        return new CoordinatorSpec<>(
                NAME,
                LANES,
                NUMBERS,
                List.of(),
                Topics.LANE_EVENTS,
                List.of(),
                FEEDS,
                task -> new LaneAggregate(task.outbox(), most));
    }

    /** Returns the stores of its tasks. */
    public static List<StoreSpec<?>> stores() {
        return List.of(LANES, NUMBERS);
    }

    /** Returns the topics that they read. */
    public static List<Topic<?>> reads() {
        return Feed.topics(FEEDS);
    }

    private static List<LaneInput> inputs(LaneCommand command) throws InvalidRecordException {
        return switch (command.getCommand()) {
            case EnterLane entry -> List.of(new LaneInput.Enter(entry), new LaneInput.Admit());
            // Of places that were added while the planner was away some are free still.
            case LeaveLane leave ->
                List.of(new LaneInput.Leave(leave.getJobId()), new LaneInput.Admit(), new LaneInput.Admit());
            case Object unknown -> throw new InvalidRecordException("unknown command " + unknown.getClass());
        };
    }

    @Override
    public Decision<LaneEvent> decide(String id, @Nullable Lane lane, LaneInput input, Instant now) {
        return LaneDecider.decide(id, lane, input, most, now);
    }

    @Override
    public @Nullable Lane evolve(@Nullable Lane lane, LaneEvent event) {
        return LaneDecider.evolve(lane, event);
    }

    /** Tells a job that it may run, or that it can't wait. */
    @Override
    public void happened(Change<Lane, LaneEvent> change) {
        switch (change.event().getEvent()) {
            case LaneAdmitted admitted -> {
                EnterLane entry =
                        LaneDecider.entry(Objects.requireNonNull(change.after()).getRunning(), admitted.getJobId());
                tell(entry.getJobId(), new AdmitJob(entry.getJobNumber(), entry.getTicket()), change.at());
            }
            case LaneRefused refused -> {
                EnterLane entry = refused.getEntry();
                tell(entry.getJobId(), new DenyJob(entry.getJobNumber(), entry.getTicket()), change.at());
            }
            default -> {} // Says nothing to a job.
        }
    }

    private void tell(String jobId, Object command, Instant now) {
        outbox.send(
                Outbox.sink(Topics.JOB_COMMANDS, NAME),
                Topics.JOB_COMMANDS,
                Route.byKey(jobId),
                new JobCommand(jobId, command, null),
                now);
    }
}
