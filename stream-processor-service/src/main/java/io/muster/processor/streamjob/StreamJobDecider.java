package io.muster.processor.streamjob;

import io.muster.records.DeleteStreamJob;
import io.muster.records.OutputStartMode;
import io.muster.records.PositionStreamJob;
import io.muster.records.PutStreamJob;
import io.muster.records.Refusal;
import io.muster.records.RefusalReason;
import io.muster.records.ReportStreamJobFailed;
import io.muster.records.ReportStreamJobRunning;
import io.muster.records.ReportStreamJobStopped;
import io.muster.records.StartStreamJob;
import io.muster.records.StopStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDeleted;
import io.muster.records.StreamJobEvent;
import io.muster.records.StreamJobFailed;
import io.muster.records.StreamJobPositioned;
import io.muster.records.StreamJobPut;
import io.muster.records.StreamJobRefused;
import io.muster.records.StreamJobRunning;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamJobStarting;
import io.muster.records.StreamJobStatus;
import io.muster.records.StreamJobStopped;
import io.muster.records.StreamJobStopping;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Decides what may be done to a stream job, and folds what was. Contract: stream-analytics, 4.2. */
public final class StreamJobDecider {
    private static final int STARTS_KEPT = 20;

    private StreamJobDecider() {}

    /**
     * What comes of a command.
     *
     * @param job null where there is none
     * @param number grows with each command, for starts
     */
    public static StreamJobDecision decide(@Nullable StreamJob job, Object command, long number, Instant now) {
        return switch (command) {
            case PutStreamJob put -> put(job, put);
            case DeleteStreamJob delete ->
                job == null
                        ? refused(RefusalReason.JOB_NOT_FOUND, "There is no such stream job.")
                        : differs(job, delete.getIfRevision())
                                .<StreamJobDecision>map(StreamJobDecision.Refused::new)
                                .orElseGet(() -> happened(new StreamJobDeleted()));
            case StartStreamJob start -> start(job, start, number, now);
            case StopStreamJob _ -> stop(job);
            case PositionStreamJob position ->
                current(job, position.getStartNumber(), StreamJobStatus.STARTING)
                        .filter(start -> start.getFromTicks() == null)
                        .map(_ -> happened(new StreamJobPositioned(
                                position.getStartNumber(),
                                position.getFromTicks(),
                                position.getPositions(),
                                position.getDiagnostics())))
                        .orElseGet(StreamJobDecision.Nothing::new);
            case ReportStreamJobRunning report ->
                current(job, report.getStartNumber(), StreamJobStatus.STARTING)
                        .map(_ -> happened(new StreamJobRunning(report.getStartNumber())))
                        .orElseGet(StreamJobDecision.Nothing::new);
            case ReportStreamJobStopped report ->
                current(job, report.getStartNumber(), StreamJobStatus.STOPPING)
                        .map(_ -> happened(new StreamJobStopped(report.getStartNumber())))
                        .orElseGet(StreamJobDecision.Nothing::new);
            case ReportStreamJobFailed report ->
                current(job, report.getStartNumber(), StreamJobStatus.STARTING, StreamJobStatus.RUNNING)
                        .map(_ -> happened(new StreamJobFailed(report.getStartNumber(), report.getReason())))
                        .orElseGet(StreamJobDecision.Nothing::new);
            default -> throw new IllegalStateException("not a command of a stream job, class=" + command.getClass());
        };
    }

    private static StreamJobDecision put(@Nullable StreamJob job, PutStreamJob put) {
        Optional<Refusal> differs = differs(job, put.getIfRevision());
        if (differs.isPresent()) {
            return new StreamJobDecision.Refused(differs.get());
        }
        return job != null && isActive(job)
                ? refused(RefusalReason.JOB_RUNNING, "The job runs: stop it before you change it.")
                : happened(new StreamJobPut(put.getDocument()));
    }

    private static Optional<Refusal> differs(@Nullable StreamJob job, @Nullable Long revision) {
        long known = job == null ? 0 : job.getRevision();
        return revision == null || revision == known
                ? Optional.empty()
                : Optional.of(new Refusal(
                        RefusalReason.PRECONDITION_FAILED,
                        known == 0
                                ? "There is no such stream job."
                                : revision == 0
                                        ? "There is a stream job of that name."
                                        : "The job was changed since: read it again."));
    }

    private static StreamJobDecision start(@Nullable StreamJob job, StartStreamJob start, long number, Instant now) {
        if (job == null) {
            return refused(RefusalReason.JOB_NOT_FOUND, "There is no such stream job.");
        }
        if (isActive(job)) {
            return refused(RefusalReason.JOB_RUNNING, "The job runs already, or is about to stop.");
        }
        if (start.getMode() == OutputStartMode.CUSTOM_TIME && start.getOutputStartTime() == null) {
            return refused(RefusalReason.ARGUMENT_NULL, "CustomTime needs an outputStartTime.");
        }
        return happened(new StreamJobStarting(StreamJobStart.newBuilder()
                .setNumber(number)
                .setMode(start.getMode())
                .setOutputStartTime(start.getOutputStartTime())
                .setAt(now)
                .build()));
    }

    private static StreamJobDecision stop(@Nullable StreamJob job) {
        if (job == null) {
            return refused(RefusalReason.JOB_NOT_FOUND, "There is no such stream job.");
        }
        StreamJobStart current = job.getCurrent();
        return switch (job.getStatus()) {
            case STARTING, RUNNING -> happened(new StreamJobStopping(current == null ? 0 : current.getNumber()));
            case FAILED -> happened(new StreamJobStopped(current == null ? 0 : current.getNumber()));
            case CREATED, STOPPING, STOPPED -> new StreamJobDecision.Nothing();
        };
    }

    /** The start that a report is of, if it is the current one and the job is in one of the states. */
    private static Optional<StreamJobStart> current(@Nullable StreamJob job, long number, StreamJobStatus... states) {
        return Optional.ofNullable(job)
                .filter(known -> List.of(states).contains(known.getStatus()))
                .map(StreamJob::getCurrent)
                .filter(start -> start.getNumber() == number);
    }

    private static boolean isActive(StreamJob job) {
        return switch (job.getStatus()) {
            case STARTING, RUNNING, STOPPING -> true;
            case CREATED, STOPPED, FAILED -> false;
        };
    }

    private static StreamJobDecision happened(Object event) {
        return new StreamJobDecision.Happened(event);
    }

    private static StreamJobDecision refused(RefusalReason reason, String message) {
        return new StreamJobDecision.Refused(new Refusal(reason, message));
    }

    /** The job after the event; null when it is no more. */
    public static @Nullable StreamJob evolve(@Nullable StreamJob job, StreamJobEvent event) {
        if (job == null) {
            return event.getEvent() instanceof StreamJobPut put
                    ? StreamJob.newBuilder()
                            .setStreamJobId(event.getStreamJobId())
                            .setDocument(put.getDocument())
                            .setRevision(1)
                            .setCreatedAt(event.getAt())
                            .setStatus(StreamJobStatus.CREATED)
                            .build()
                    : null;
        }
        StreamJob.Builder next = StreamJob.newBuilder(job).setRevision(job.getRevision() + 1);
        return switch (event.getEvent()) {
            case StreamJobPut put -> next.setDocument(put.getDocument()).build();
            case StreamJobDeleted _ -> null;
            case StreamJobStarting starting ->
                next.setStatus(StreamJobStatus.STARTING)
                        .setCurrent(starting.getStarted())
                        .setEarlier(earlier(job))
                        .setFailureReason(null)
                        .build();
            case StreamJobPositioned positioned -> {
                StreamJobStart current = StreamJobStart.newBuilder(job.getCurrent())
                        .setFromTicks(positioned.getFromTicks())
                        .setPositions(positioned.getPositions())
                        .setDiagnostics(positioned.getDiagnostics())
                        .build();
                yield next.setCurrent(current).build();
            }
            case StreamJobRunning _ -> next.setStatus(StreamJobStatus.RUNNING).build();
            case StreamJobStopping _ -> next.setStatus(StreamJobStatus.STOPPING).build();
            case StreamJobStopped _ -> next.setStatus(StreamJobStatus.STOPPED).build();
            case StreamJobFailed failed ->
                next.setStatus(StreamJobStatus.FAILED)
                        .setFailureReason(failed.getFailureReason())
                        .build();
            case StreamJobRefused _ -> job;
            default ->
                throw new IllegalStateException("not an event of a stream job, class="
                        + event.getEvent().getClass());
        };
    }

    /** The positions of starts that are over are of no more use. */
    private static List<StreamJobStart> earlier(StreamJob job) {
        List<StreamJobStart> earlier = new ArrayList<>(job.getEarlier());
        if (job.getCurrent() != null) {
            earlier.addFirst(StreamJobStart.newBuilder(job.getCurrent())
                    .setPositions(List.of())
                    .build());
        }
        return List.copyOf(earlier.subList(0, Math.min(earlier.size(), STARTS_KEPT)));
    }
}
