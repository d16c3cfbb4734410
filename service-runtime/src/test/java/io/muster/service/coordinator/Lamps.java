package io.muster.service.coordinator;

import io.muster.records.DeleteStreamJob;
import io.muster.records.OutputStartMode;
import io.muster.records.PutStreamJob;
import io.muster.records.ScaleStreamJob;
import io.muster.records.StartStreamJob;
import io.muster.records.StopStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobDeleted;
import io.muster.records.StreamJobEvent;
import io.muster.records.StreamJobPut;
import io.muster.records.StreamJobRefusalReason;
import io.muster.records.StreamJobRefused;
import io.muster.records.StreamJobRunning;
import io.muster.records.StreamJobStatus;
import io.muster.records.StreamJobStopped;
import io.muster.service.InvalidRecordException;
import io.muster.service.Outbox;
import io.muster.service.Requester;
import io.muster.service.Route;
import io.muster.service.UnusableStateException;
import io.muster.service.coordinator.Lamps.Input;
import io.muster.service.decider.Decision;
import io.muster.service.state.StoreSpec;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.errors.TimeoutException;

/** Runs a tiny aggregate, as a service would write it: a lamp that goes out by itself a minute after it was lit. Its schema is that of stream jobs. */
record Lamps(Outbox outbox) implements Aggregate<StreamJob, Input, StreamJobEvent> {
    static final Duration BURNS = Duration.ofMinutes(1);

    /** Names units by which a command makes the decider fail. */
    static final int DECIDER_THROWS = 1;

    static final int SECOND_INPUT_THROWS = 2;
    static final int BROKER_AWAY = 3;
    static final int STATE_UNUSABLE = 4;
    static final int MAKES_NO_SENSE = 5;

    /** Names the fuel of a lamp whose due time makes its decider fail. */
    static final String BROKEN = "broken";

    sealed interface Input {
        record Asked(Object command, long number) implements Input {}

        record BurntDown() implements Input {}
    }

    static final CoordinatorSpec<StreamJob, Input, StreamJobEvent, Lamps> COORDINATOR = new CoordinatorSpec<>(
            "lamp",
            new StoreSpec.OfTopic<>("lamps", Topics.STREAM_JOBS),
            new StoreSpec.OfNumbers("lamp-numbers", Topics.STREAM_JOBS.partitioning()),
            List.of(),
            Topics.STREAM_JOB_EVENTS,
            List.of(),
            List.of(Feed.commands(
                    Topics.STREAM_JOB_COMMANDS,
                    StreamJobCommand::getStreamJobId,
                    Lamps::inputs,
                    StreamJobRefused.class,
                    Lamps::refused)),
            task -> new Lamps(task.outbox()));

    private static List<Input> inputs(Lamps lamps, StreamJobCommand command, long number)
            throws InvalidRecordException {
        if (command.getCommand() instanceof ScaleStreamJob scale && scale.getStreamingUnits() == MAKES_NO_SENSE) {
            throw new InvalidRecordException("a lamp has no such units");
        }
        Input asked = new Input.Asked(command.getCommand(), number);
        return command.getCommand() instanceof ScaleStreamJob scale && scale.getStreamingUnits() == SECOND_INPUT_THROWS
                ? List.of(new Input.Asked(new StartStreamJob(OutputStartMode.JOB_START_TIME, null), number), asked)
                : List.of(asked);
    }

    @Override
    public Decision<StreamJobEvent> decide(String id, StreamJob lamp, Input input, Instant now) {
        return decide(lamp, input).map(event -> new StreamJobEvent(id, now, event));
    }

    private static Decision<Object> decide(StreamJob lamp, Input input) {
        return switch (input) {
            case Input.Asked(PutStreamJob put, long _) ->
                new Decision.Happened<>(new StreamJobPut(put.getDefinition()));
            case Input.Asked(Object _, long _)
            when lamp == null ->
                new Decision.Refused<>(
                        new StreamJobRefused(StreamJobRefusalReason.NOT_FOUND, "There is no such lamp."));
            case Input.Asked(StartStreamJob _, long number) ->
                lamp.getStatus() == StreamJobStatus.RUNNING
                        ? new Decision.Nothing<>()
                        : new Decision.Happened<>(new StreamJobRunning(number));
            case Input.Asked(StopStreamJob _, long number) -> new Decision.Happened<>(new StreamJobStopped(number));
            case Input.Asked(DeleteStreamJob _, long _) -> new Decision.Happened<>(new StreamJobDeleted());
            case Input.Asked(ScaleStreamJob scale, long _) -> throw trouble(scale.getStreamingUnits());
            case Input.Asked asked -> throw new IllegalStateException("not a command of a lamp: " + asked);
            case Input.BurntDown() -> {
                if (BROKEN.equals(lamp.getDefinition().getQuery())) {
                    throw new IllegalStateException("the filament is broken");
                }
                yield new Decision.Happened<>(new StreamJobStopped(0L));
            }
        };
    }

    private static RuntimeException trouble(int units) {
        return switch (units) {
            case BROKER_AWAY -> new TimeoutException("the broker is away");
            case STATE_UNUSABLE -> new UnusableStateException("the state can't be used");
            default -> new IllegalStateException("the decider has a fault");
        };
    }

    @Override
    public StreamJob evolve(StreamJob lamp, StreamJobEvent event) {
        return switch (event.getEvent()) {
            case StreamJobPut put ->
                StreamJob.newBuilder()
                        .setStreamJobId(event.getStreamJobId())
                        .setDefinition(put.getDefinition())
                        .setRevision(1)
                        .setCreatedAt(event.getAt())
                        .setStatus(StreamJobStatus.CREATED)
                        .build();
            case StreamJobRunning _ -> with(lamp, StreamJobStatus.RUNNING, event.getAt());
            case StreamJobStopped _ -> with(lamp, StreamJobStatus.STOPPED, event.getAt());
            case StreamJobDeleted _ -> null;
            default -> throw new IllegalStateException("not an event of a lamp: " + event);
        };
    }

    private static StreamJob with(StreamJob lamp, StreamJobStatus status, Instant at) {
        return StreamJob.newBuilder(lamp)
                .setStatus(status)
                .setCreatedAt(at)
                .setRevision(lamp.getRevision() + 1)
                .build();
    }

    @Override
    public Optional<Instant> due(String id, StreamJob lamp, Instant now) {
        return lamp.getStatus() == StreamJobStatus.RUNNING
                ? Optional.of(lamp.getCreatedAt().plus(BURNS))
                : Optional.empty();
    }

    @Override
    public List<Input> whenDue(String id, StreamJob lamp) {
        return List.of(new Input.BurntDown());
    }

    @Override
    public Optional<Object> removed() {
        return Optional.of(new StreamJobDeleted());
    }

    private void refused(StreamJobCommand command, StreamJobRefused refusal, Requester requester, Instant now) {
        outbox.send(
                Outbox.sink(Topics.STREAM_JOB_EVENTS),
                Topics.STREAM_JOB_EVENTS,
                Route.byKey(command.getStreamJobId()),
                new StreamJobEvent(command.getStreamJobId(), now, refusal),
                now,
                requester.requestId());
    }
}
