package io.muster.planner.batch;

import io.muster.records.BatchJob;
import io.muster.records.BatchRefused;
import io.muster.records.CreateBatchJob;
import java.util.Locale;
import java.util.Optional;

/** Checks the documents of schedules that make jobs, and says how such a job is over. Contract: batch, 3.4. */
public final class BatchJobSchedules {
    private static final String PREFIX = "batch/";

    private BatchJobSchedules() {}

    /** Returns the id of a job that a schedule makes. @param scheduleId as the client spelled it @param number from 1 */
    public static String jobId(String scheduleId, long number) {
        return scheduleId + ":job-" + number;
    }

    /** Returns how a job is over, as a sentence for people. @param deleted whether it was deleted before it was completed */
    public static String over(BatchJob job, boolean deleted) {
        String how = deleted ? "deleted" : "completed, reason: " + job.getTerminateReason();
        return "The job " + job.getJobId() + " was " + how + ".";
    }

    /**
     * Returns why a schedule of that id can't be as it is described, as a sentence for users; empty where it can. Ids that begin with "batch/" are of schedules that make jobs
     * of Batch, each of the name that follows.
     */
    public static Optional<String> fault(String id, Object action) {
        if (action instanceof CreateBatchJob create) {
            return id.equals(PREFIX + create.getJobScheduleId().toLowerCase(Locale.ROOT))
                    ? fault(create)
                    : Optional.of("A schedule that makes jobs of Batch has the id \"" + PREFIX
                            + "\" and behind that its jobScheduleId in lower case.");
        }
        return id.startsWith(PREFIX)
                ? Optional.of("Ids that begin with \"" + PREFIX
                        + "\" are of schedules that make jobs of Batch: name the schedule otherwise.")
                : Optional.empty();
    }

    private static Optional<String> fault(CreateBatchJob create) {
        return BatchTexts.nameFault(create.getDisplayName())
                .map(fault -> "displayName: " + fault)
                .or(() -> BatchTexts.pairsFault(create.getMetadata()).map(fault -> "metadata: " + fault))
                .or(() -> BatchRules.fault(jobId(create.getJobScheduleId(), 1), true, create.getDefinition())
                        .map(BatchJobSchedules::sentence));
    }

    private static String sentence(BatchRefused refused) {
        return refused.getMember() == null
                ? refused.getMessage()
                : "jobSpecification." + refused.getMember() + ": " + refused.getMessage();
    }
}
