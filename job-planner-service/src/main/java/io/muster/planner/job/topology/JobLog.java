package io.muster.planner.job.topology;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.muster.records.DeviceJobCounts;
import io.muster.records.Job;
import io.muster.records.JobAborted;
import io.muster.records.JobCommand;
import io.muster.records.JobCompleted;
import io.muster.records.JobCreated;
import io.muster.records.JobEvent;
import io.muster.records.JobFailed;
import io.muster.records.JobRefused;
import io.muster.records.JobReleased;
import io.muster.service.LogText;
import io.muster.service.Requester;
import java.time.Duration;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs a line for each event and each refusal, for operators, and meters them. A request id is that of the command's header;
 * events without one come of time or of counting.
 */
final class JobLog {
    private static final Logger LOG = LoggerFactory.getLogger(JobLog.class);

    private final MeterRegistry meters;

    JobLog(MeterRegistry meters) {
        this.meters = meters;
    }

    /** Notes an event. @param after the job as it is then */
    void happened(JobEvent event, Job after, Requester requester) {
        String name = event.getEvent().getClass().getSimpleName();
        String by = by(requester);
        switch (event.getEvent()) {
            case JobCreated created ->
                LOG.info(
                        "{} jobId={} operation={} status={}{}",
                        name,
                        event.getJobId(),
                        created.getDefinition().getOperation().getClass().getSimpleName(),
                        created.getStatus(),
                        by);
            case JobCompleted completed -> {
                DeviceJobCounts counts = completed.getCounts();
                LOG.info(
                        "{} jobId={} devices={} succeeded={} failed={} cancelled={}{}",
                        name,
                        event.getJobId(),
                        counts.getDeviceCount(),
                        counts.getSucceeded(),
                        counts.getFailed(),
                        counts.getCancelled(),
                        by);
            }
            case JobFailed failed ->
                LOG.info(
                        "{} jobId={} reason=\"{}\"{}",
                        name,
                        event.getJobId(),
                        LogText.of(failed.getFailureReason()),
                        by);
            case JobAborted aborted ->
                LOG.info(
                        "{} jobId={} reason=\"{}\"{}",
                        name,
                        event.getJobId(),
                        LogText.of(aborted.getFailureReason()),
                        by);
            case JobReleased _ -> LOG.debug("{} jobId={}{}", name, event.getJobId(), by);
            default -> LOG.info("{} jobId={}{}", name, event.getJobId(), by);
        }
        if (after.getEndedAt() != null && event.getAt().equals(after.getEndedAt())) {
            Timer.builder("muster.job.duration")
                    .tag("status", after.getStatus().name().toLowerCase(Locale.ROOT))
                    .register(meters)
                    .record(Duration.between(after.getCreatedAt(), after.getEndedAt()));
        }
    }

    /** Notes that the history of a job is over. */
    void forgotten(JobEvent event) {
        LOG.info("JobForgotten jobId={}", event.getJobId());
    }

    /** Notes a command that changed nothing. */
    void refused(JobCommand command, JobRefused refusal, Requester requester) {
        meters.counter("muster.jobs.refused", "reason", refusal.getReason().name())
                .increment();
        LOG.info(
                "{} refused jobId={} reason={} \"{}\"{}",
                command.getCommand().getClass().getSimpleName(),
                LogText.of(command.getJobId()),
                refusal.getReason(),
                LogText.of(refusal.getMessage()),
                by(requester));
    }

    private static String by(Requester requester) {
        return requester.requestId() == null ? "" : " requestId=" + LogText.of(requester.requestId());
    }
}
