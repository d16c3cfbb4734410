package io.muster.processor.streamjob;

import io.muster.records.DeleteStreamJob;
import io.muster.records.OutputStartMode;
import io.muster.records.PositionStreamJob;
import io.muster.records.PutStreamJob;
import io.muster.records.ReplaceStreamJob;
import io.muster.records.ReportStreamJobDegraded;
import io.muster.records.ReportStreamJobFailed;
import io.muster.records.ReportStreamJobReplaced;
import io.muster.records.ReportStreamJobRestarting;
import io.muster.records.ReportStreamJobRunning;
import io.muster.records.ReportStreamJobStopped;
import io.muster.records.ScaleStreamJob;
import io.muster.records.StartStreamJob;
import io.muster.records.StopStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDegraded;
import io.muster.records.StreamJobDeleted;
import io.muster.records.StreamJobDeleting;
import io.muster.records.StreamJobEvent;
import io.muster.records.StreamJobFailed;
import io.muster.records.StreamJobPositioned;
import io.muster.records.StreamJobPut;
import io.muster.records.StreamJobRefusalReason;
import io.muster.records.StreamJobRefused;
import io.muster.records.StreamJobReplaced;
import io.muster.records.StreamJobReplacement;
import io.muster.records.StreamJobReplacing;
import io.muster.records.StreamJobRestarting;
import io.muster.records.StreamJobRunning;
import io.muster.records.StreamJobScaled;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamJobStarting;
import io.muster.records.StreamJobStatus;
import io.muster.records.StreamJobStopped;
import io.muster.records.StreamJobStopping;
import io.muster.records.StreamPosition;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Decides about the commands of a stream job, and folds its events. Contract: stream-analytics, 4.2. */
public final class StreamJobDecider {
    private static final int STARTS_KEPT = 20;

    /** Bounds those of a topic that a stream job reads: when a job is deleted, something is written for each. */
    public static final int MOST_PARTITIONS = 10_000;

    /** Delays a replacement: by then every instance knows of it. */
    private static final Duration SOON = Duration.ofSeconds(3);

    private static final Set<StreamJobStatus> BEGINNING = Set.of(StreamJobStatus.STARTING);

    /** Lists those in which it reads and writes. */
    private static final Set<StreamJobStatus> SETTLED =
            Set.of(StreamJobStatus.RUNNING, StreamJobStatus.DEGRADED, StreamJobStatus.SCALING);

    /** Lists those that end when it runs well. */
    private static final Set<StreamJobStatus> UNSETTLED = Set.of(
            StreamJobStatus.STARTING, StreamJobStatus.DEGRADED, StreamJobStatus.RESTARTING, StreamJobStatus.SCALING);

    /** Lists those in which it is meant to run. */
    public static final Set<StreamJobStatus> RUNNING = Set.of(
            StreamJobStatus.STARTING,
            StreamJobStatus.RUNNING,
            StreamJobStatus.DEGRADED,
            StreamJobStatus.RESTARTING,
            StreamJobStatus.SCALING);

    private StreamJobDecider() {}

    /**
     * Decides what comes of a command: one of the events of {@code StreamJobEvent}, if any.
     *
     * @param job null where there is none
     */
    public static Decision<Object> decide(@Nullable StreamJob job, StreamJobInput input, Instant now) {
        long number = input.number();
        return switch (input.command()) {
            case PutStreamJob put -> put(job, put);
            case DeleteStreamJob delete ->
                job == null
                        ? refused(StreamJobRefusalReason.NOT_FOUND, "There is no such stream job.")
                        : differs(job, delete.getIfRevision())
                                .<Decision<Object>>map(Decision.Refused::new)
                                .orElseGet(() -> delete(job));
            case ScaleStreamJob scale -> scale(job, scale);
            case ReplaceStreamJob replace -> replace(job, replace, now);
            case StartStreamJob start -> start(job, start, number, now);
            case StopStreamJob _ -> stop(job);
            case PositionStreamJob position -> position(job, position);
            case ReportStreamJobRunning report ->
                reported(
                        current(job, report.getStartNumber(), UNSETTLED),
                        new StreamJobRunning(report.getStartNumber()));
            case ReportStreamJobStopped report ->
                job != null && job.getStatus() == StreamJobStatus.DELETING
                        ? reported(Optional.ofNullable(job.getCurrent()), new StreamJobDeleted())
                        : reported(
                                current(job, report.getStartNumber(), Set.of(StreamJobStatus.STOPPING)),
                                new StreamJobStopped(report.getStartNumber()));
            case ReportStreamJobFailed report ->
                reported(
                        current(job, report.getStartNumber(), RUNNING),
                        new StreamJobFailed(report.getStartNumber(), report.getReason()));
            case ReportStreamJobRestarting report ->
                reported(
                        current(job, report.getStartNumber(), SETTLED),
                        new StreamJobRestarting(report.getStartNumber(), report.getReason()));
            case ReportStreamJobDegraded report ->
                reported(
                        current(job, report.getStartNumber(), Set.of(StreamJobStatus.RUNNING)),
                        new StreamJobDegraded(report.getStartNumber(), report.getReason()));
            case ReportStreamJobReplaced report ->
                current(job, report.getStartNumber(), RUNNING)
                        .filter(_ -> job != null && job.getReplacement() != null)
                        .map(_ -> happened(new StreamJobReplaced(StreamJobStart.newBuilder()
                                .setNumber(number)
                                .setMode(OutputStartMode.LAST_OUTPUT_EVENT_TIME)
                                .setAt(now)
                                .build())))
                        .orElseGet(Decision.Nothing::new);
            case Object unknown ->
                throw new IllegalStateException("not a command of a stream job, class=" + unknown.getClass());
        };
    }

    private static Decision<Object> position(@Nullable StreamJob job, PositionStreamJob position) {
        boolean fits = position.getFromTicksByTask().size() <= MOST_PARTITIONS
                && position.getPositions().stream()
                        .allMatch(at -> at.getPartition() >= 0 && at.getPartition() < MOST_PARTITIONS);
        return fits
                ? reported(
                        current(job, position.getStartNumber(), BEGINNING)
                                .filter(start -> start.getFromTicks() == null),
                        new StreamJobPositioned(
                                position.getStartNumber(),
                                position.getFromTicks(),
                                position.getPositions(),
                                position.getDiagnostics(),
                                position.getFromTicksByTask()))
                : refused(
                        StreamJobRefusalReason.INVALID,
                        "A start has at most " + MOST_PARTITIONS + " tasks and reads partitions 0 to "
                                + (MOST_PARTITIONS - 1) + ".");
    }

    private static Decision<Object> reported(Optional<StreamJobStart> of, Object event) {
        return of.map(_ -> happened(event)).orElseGet(Decision.Nothing::new);
    }

    private static Decision<Object> delete(StreamJob job) {
        return job.getStatus() == StreamJobStatus.DELETING
                ? new Decision.Nothing<>()
                : happened(isActive(job) ? new StreamJobDeleting() : new StreamJobDeleted());
    }

    private static Decision<Object> scale(@Nullable StreamJob job, ScaleStreamJob scale) {
        if (job == null) {
            return refused(StreamJobRefusalReason.NOT_FOUND, "There is no such stream job.");
        }
        if (!DefinitionRules.areUnits(scale.getStreamingUnits())) {
            return refused(StreamJobRefusalReason.INVALID, DefinitionRules.units());
        }
        return isActive(job) && !RUNNING.contains(job.getStatus())
                ? refused(StreamJobRefusalReason.RUNNING, "The job is about to stop.")
                : happened(new StreamJobScaled(scale.getStreamingUnits()));
    }

    private static Decision<Object> replace(@Nullable StreamJob job, ReplaceStreamJob replace, Instant now) {
        if (job == null) {
            return refused(StreamJobRefusalReason.NOT_FOUND, "There is no such stream job.");
        }
        Optional<StreamJobRefused> differs = differs(job, replace.getIfRevision());
        if (differs.isPresent()) {
            return new Decision.Refused<>(differs.get());
        }
        Optional<String> broken = DefinitionRules.broken(replace.getDefinition());
        if (broken.isPresent()) {
            return refused(StreamJobRefusalReason.INVALID, broken.get());
        }
        if (!SETTLED.contains(job.getStatus())) {
            return refused(
                    StreamJobRefusalReason.NOT_RUNNING,
                    "The query can be replaced only while the job runs. Update the job and start it.");
        }
        if (job.getReplacement() != null) {
            return refused(
                    StreamJobRefusalReason.RUNNING,
                    "A replacement is under way: wait until it has taken over, or stop the job.");
        }
        Instant earliest = now.plus(SOON);
        Instant at = Optional.ofNullable(replace.getTakeOverAt()).orElse(earliest);
        return happened(new StreamJobReplacing(
                new StreamJobReplacement(replace.getDefinition(), at.isBefore(earliest) ? earliest : at)));
    }

    private static Decision<Object> put(@Nullable StreamJob job, PutStreamJob put) {
        Optional<StreamJobRefused> differs = differs(job, put.getIfRevision());
        if (differs.isPresent()) {
            return new Decision.Refused<>(differs.get());
        }
        if (job != null && isActive(job)) {
            return refused(StreamJobRefusalReason.RUNNING, "The job runs: stop it before you change it.");
        }
        return DefinitionRules.broken(put.getDefinition())
                .map(broken -> refused(StreamJobRefusalReason.INVALID, broken))
                .orElseGet(() -> happened(new StreamJobPut(put.getDefinition())));
    }

    private static Optional<StreamJobRefused> differs(@Nullable StreamJob job, @Nullable Long revision) {
        long known = job == null ? 0 : job.getRevision();
        return revision == null || revision == known
                ? Optional.empty()
                : Optional.of(new StreamJobRefused(
                        StreamJobRefusalReason.PRECONDITION_FAILED,
                        known == 0
                                ? "There is no such stream job."
                                : revision == 0
                                        ? "There is a stream job of that name."
                                        : "The job was changed since: read it again."));
    }

    private static Decision<Object> start(@Nullable StreamJob job, StartStreamJob start, long number, Instant now) {
        if (job == null) {
            return refused(StreamJobRefusalReason.NOT_FOUND, "There is no such stream job.");
        }
        if (isActive(job)) {
            return refused(StreamJobRefusalReason.RUNNING, "The job runs already, or is about to stop.");
        }
        if (start.getMode() == OutputStartMode.CUSTOM_TIME && start.getOutputStartTime() == null) {
            return refused(StreamJobRefusalReason.INCOMPLETE, "CustomTime needs an outputStartTime.");
        }
        return happened(new StreamJobStarting(StreamJobStart.newBuilder()
                .setNumber(number)
                .setMode(start.getMode())
                .setOutputStartTime(start.getOutputStartTime())
                .setAt(now)
                .build()));
    }

    private static Decision<Object> stop(@Nullable StreamJob job) {
        if (job == null) {
            return refused(StreamJobRefusalReason.NOT_FOUND, "There is no such stream job.");
        }
        StreamJobStart current = job.getCurrent();
        return switch (job.getStatus()) {
            case STARTING, RUNNING, DEGRADED, RESTARTING, SCALING ->
                happened(new StreamJobStopping(current == null ? 0 : current.getNumber()));
            case FAILED -> happened(new StreamJobStopped(current == null ? 0 : current.getNumber()));
            case CREATED, STOPPING, STOPPED, DELETING -> new Decision.Nothing<>();
        };
    }

    /** Returns the start that a report is of, if it is the current one and the job is in one of the states. */
    private static Optional<StreamJobStart> current(@Nullable StreamJob job, long number, Set<StreamJobStatus> states) {
        return Optional.ofNullable(job)
                .filter(known -> states.contains(known.getStatus()))
                .map(StreamJob::getCurrent)
                .filter(start -> start.getNumber() == number);
    }

    private static boolean isActive(StreamJob job) {
        return switch (job.getStatus()) {
            case STARTING, RUNNING, DEGRADED, RESTARTING, SCALING, STOPPING, DELETING -> true;
            case CREATED, STOPPED, FAILED -> false;
        };
    }

    private static Decision<Object> happened(Object event) {
        return new Decision.Happened<>(event);
    }

    private static Decision<Object> refused(StreamJobRefusalReason reason, String message) {
        return new Decision.Refused<>(new StreamJobRefused(reason, message));
    }

    /** Returns the job after the event; null when it is gone. */
    public static @Nullable StreamJob evolve(@Nullable StreamJob job, StreamJobEvent event) {
        if (job == null) {
            return event.getEvent() instanceof StreamJobPut put
                    ? StreamJob.newBuilder()
                            .setStreamJobId(event.getStreamJobId())
                            .setDefinition(put.getDefinition())
                            .setRevision(1)
                            .setCreatedAt(event.getAt())
                            .setStatus(StreamJobStatus.CREATED)
                            .build()
                    : null;
        }
        StreamJob.Builder next = StreamJob.newBuilder(job).setRevision(job.getRevision() + 1);
        return switch (event.getEvent()) {
            case StreamJobPut put ->
                next.setDefinition(put.getDefinition()).setStreamingUnits(null).build();
            case StreamJobDeleted _ -> null;
            case StreamJobDeleting _ -> next.setStatus(StreamJobStatus.DELETING).build();
            case StreamJobScaled scaled ->
                next.setStreamingUnits(scaled.getStreamingUnits())
                        .setStatus(
                                job.getStatus() == StreamJobStatus.RUNNING ? StreamJobStatus.SCALING : job.getStatus())
                        .build();
            case StreamJobReplacing replacing ->
                next.setReplacement(replacing.getReplacement())
                        .setFailureReason(null)
                        .build();
            case StreamJobReplaced replaced ->
                begun(job, next, replaced.getStarted())
                        .setDefinition(
                                Objects.requireNonNull(job.getReplacement()).getDefinition())
                        .build();
            case StreamJobStarting starting ->
                begun(job, next, starting.getStarted()).build();
            case StreamJobRestarting restarting ->
                next.setStatus(StreamJobStatus.RESTARTING)
                        .setFailureReason(restarting.getReason())
                        .build();
            case StreamJobDegraded degraded ->
                next.setStatus(StreamJobStatus.DEGRADED)
                        .setFailureReason(degraded.getReason())
                        .build();
            case StreamJobPositioned positioned -> {
                StreamJobStart current = StreamJobStart.newBuilder(job.getCurrent())
                        .setFromTicks(positioned.getFromTicks())
                        .setPositions(positioned.getPositions())
                        .setDiagnostics(positioned.getDiagnostics())
                        .setFromTicksByTask(positioned.getFromTicksByTask())
                        .build();
                yield next.setCurrent(current).build();
            }
            case StreamJobRunning _ ->
                next.setStatus(StreamJobStatus.RUNNING).setFailureReason(null).build();
            case StreamJobStopping _ ->
                next.setStatus(StreamJobStatus.STOPPING).setReplacement(null).build();
            case StreamJobStopped _ -> next.setStatus(StreamJobStatus.STOPPED).build();
            case StreamJobFailed failed ->
                next.setStatus(StreamJobStatus.FAILED)
                        .setReplacement(null)
                        .setFailureReason(failed.getFailureReason())
                        .build();
            case StreamJobRefused _ -> job;
            default ->
                throw new IllegalStateException("not an event of a stream job, class="
                        + event.getEvent().getClass());
        };
    }

    private static StreamJob.Builder begun(StreamJob job, StreamJob.Builder next, StreamJobStart start) {
        return next.setStatus(StreamJobStatus.STARTING)
                .setCurrent(start)
                .setEarlier(earlier(job))
                .setReplacement(null)
                .setFailureReason(null);
    }

    /** Returns the starts that are over; the position of the largest partition so far is kept, so that {@link #tasks} knows how many there were. */
    private static List<StreamJobStart> earlier(StreamJob job) {
        List<StreamJobStart> earlier = new ArrayList<>(job.getEarlier());
        if (job.getCurrent() != null) {
            earlier.addFirst(StreamJobStart.newBuilder(job.getCurrent())
                    .setPositions(largest(job).map(List::of).orElse(List.of()))
                    .build());
        }
        return List.copyOf(earlier.subList(0, Math.min(earlier.size(), STARTS_KEPT)));
    }

    private static Optional<StreamPosition> largest(StreamJob job) {
        return starts(job)
                .flatMap(start -> start.getPositions().stream())
                .max(Comparator.comparing(StreamPosition::getPartition));
    }

    private static Stream<StreamJobStart> starts(StreamJob job) {
        return Stream.concat(Stream.ofNullable(job.getCurrent()), job.getEarlier().stream());
    }

    /** Returns the numbers that tasks of the job's starts may have had, also of those that are not remembered any more; those below zero only read. */
    public static IntStream tasks(StreamJob job) {
        int partitions =
                largest(job).map(position -> position.getPartition() + 1).orElse(0);
        int writing = starts(job)
                .mapToInt(start -> Math.max(1, start.getFromTicksByTask().size()))
                .max()
                .orElse(0);
        if (job.getEarlier().size() == STARTS_KEPT) {
            writing = Math.max(writing, DefinitionRules.MOST_UNITS);
        }
        return IntStream.range(-partitions, Math.max(partitions, writing));
    }
}
