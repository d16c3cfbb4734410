package io.muster.processor.streamjob.topology;

import io.muster.processor.streamjob.StreamJobDecider;
import io.muster.processor.streamjob.StreamJobInput;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobDeleted;
import io.muster.records.StreamJobEvent;
import io.muster.records.StreamJobRefused;
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

/** Decides commands of stream jobs, and writes events, states and replies. For one task. */
public final class StreamJobAggregate implements Aggregate<StreamJob, StreamJobInput, StreamJobEvent> {
    private static final StoreSpec.OfTopic<StreamJob> JOBS = new StoreSpec.OfTopic<>("stream-jobs", Topics.STREAM_JOBS);

    private static final StoreSpec.OfNumbers NUMBERS =
            new StoreSpec.OfNumbers("stream-job-numbers", Topics.STREAM_JOBS.partitioning());

    private static final List<Feed<?, StreamJobAggregate, StreamJobInput>> FEEDS = List.of(Feed.commands(
            Topics.STREAM_JOB_COMMANDS,
            StreamJobCommand::getStreamJobId,
            (_, command, number) -> List.of(new StreamJobInput(command.getCommand(), number + 1)),
            StreamJobRefused.class,
            StreamJobAggregate::refused));

    /** Declares the coordinator of stream jobs. */
    public static final CoordinatorSpec<StreamJob, StreamJobInput, StreamJobEvent, StreamJobAggregate> COORDINATOR =
            new CoordinatorSpec<>(
                    "stream-job",
                    JOBS,
                    NUMBERS,
                    List.of(),
                    Topics.STREAM_JOB_EVENTS,
                    List.of(Topics.STREAM_JOB_PROGRESS),
                    FEEDS,
                    task -> new StreamJobAggregate(task.outbox()));

    private final Outbox outbox;

    private StreamJobAggregate(Outbox outbox) {
        this.outbox = outbox;
    }

    /** Returns the topics that they read. */
    public static List<Topic<?>> reads() {
        return Feed.topics(FEEDS);
    }

    @Override
    public Decision<StreamJobEvent> decide(String id, @Nullable StreamJob job, StreamJobInput input, Instant now) {
        return StreamJobDecider.decide(job, input, now).map(event -> new StreamJobEvent(id, now, event));
    }

    @Override
    public @Nullable StreamJob evolve(@Nullable StreamJob job, StreamJobEvent event) {
        return StreamJobDecider.evolve(job, event);
    }

    @Override
    public Optional<Object> removed() {
        return Optional.of(new StreamJobDeleted());
    }

    @Override
    public void happened(Change<StreamJob, StreamJobEvent> change) {
        StreamJobLog.happened(change.event(), change.requester());
        StreamJob before = change.before();
        if (before != null && change.after() == null) {
            forgetProgress(before, change.at());
        }
    }

    /** Removes the progress of its tasks: the topic does not grow with jobs that are gone. */
    private void forgetProgress(StreamJob job, Instant now) {
        StreamJobDecider.tasks(job)
                .forEach(task -> outbox.sendEncoded(
                        Outbox.sink(Topics.STREAM_JOB_PROGRESS),
                        Route.byKey(job.getStreamJobId() + " " + task),
                        null,
                        now,
                        null));
    }

    private void refused(StreamJobCommand command, StreamJobRefused refusal, Requester requester, Instant now) {
        StreamJobEvent event = new StreamJobEvent(command.getStreamJobId(), now, refusal);
        outbox.send(
                Outbox.sink(Topics.STREAM_JOB_EVENTS),
                Topics.STREAM_JOB_EVENTS,
                Route.byKey(command.getStreamJobId()),
                event,
                now,
                requester.requestId());
        StreamJobLog.happened(event, requester);
    }
}
