package io.muster.api.surface.iothub;

import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.schedule.ScheduleDocument;
import io.muster.records.CreateFleetJob;
import io.muster.records.JobDefinition;
import io.muster.records.JobStatus;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleRun;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads jobs that are made again and again: those with our own member {@code schedule}. Described in docs/jobs.md. */
final class ScheduledJobs {
    /** Matches ids that leave room for the time that the id of each job has behind it. Ids of other surfaces' schedules have slashes: none is written over by a job's. */
    private static final Pattern ID = Pattern.compile("(?!query$)[A-Za-z0-9-]{1,49}");

    /** Says how long a job is known whose schedule has ended: as one without a schedule. */
    private static final int KEPT_DAYS = 30;

    private ScheduledJobs() {}

    /** Returns the status of a job that is made again and again. */
    static JobStatus status(Schedule schedule) {
        return switch (schedule.getStatus()) {
            case ENABLED, DISABLED -> JobStatus.SCHEDULED;
            case COMPLETED -> schedule.getEnded() ? JobStatus.CANCELLED : JobStatus.COMPLETED;
        };
    }

    /** Returns the id of the job that a firing made. */
    static String jobId(String id, ScheduleRun run) {
        return id + "-" + run.getRun();
    }

    /** Returns the job that a schedule makes again and again; empty where it does something else, which another surface shows. */
    static Optional<JobDefinition> definition(Schedule schedule) {
        return schedule.getDefinition().getAction() instanceof CreateFleetJob job
                ? Optional.of(job.getDefinition())
                : Optional.empty();
    }

    /** Returns the job of this surface that a schedule makes again and again; empty where it is another surface's. */
    static Optional<JobDefinition> ofJob(Schedule schedule) {
        return ID.matcher(schedule.getScheduleId()).matches() ? definition(schedule) : Optional.empty();
    }

    /** Reads the schedule of a job. @param writer under whose rights it makes jobs @throws ProblemException when a member is wrong */
    static SaveSchedule of(String writer, JobDefinition job, JsonBody schedule, Instant now) {
        if (!ID.matcher(job.getJobId()).matches()) {
            throw new ProblemException(
                    Problem.argumentInvalid(
                            "The id of a job with a schedule has 1 to 49 letters, digits or hyphens, and is not \"query\": each of its jobs has its time behind that."));
        }
        if (job.getStartTime() != null) {
            throw new ProblemException(
                    Problem.argumentInvalid("A job with a schedule starts by that: say schedule.startTime."));
        }
        return new SaveSchedule(ScheduleDefinition.newBuilder()
                .setTiming(ScheduleDocument.of(schedule.rejectOthers(ScheduleDocument.MEMBERS), now)
                        .timing())
                .setAction(new CreateFleetJob(job))
                .setSource(schedule.copy().toString())
                .setWriter(writer)
                .setKeptDays(KEPT_DAYS)
                .build());
    }
}
