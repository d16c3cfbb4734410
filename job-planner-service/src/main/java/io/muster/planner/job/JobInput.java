package io.muster.planner.job;

import io.muster.records.JobDefinition;
import io.muster.records.JobStatistics;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Is an input of a job's decider: a command, a due time, or statistics of its device jobs. The decider asks whether it still holds. */
public sealed interface JobInput {
    /**
     * Asks for a new job.
     *
     * @param jobNumber unique among jobs
     * @param full whether as many jobs are active as may be
     * @param until behind this the firing of a schedule that asks is too late; null where none asks
     */
    record Create(
            JobDefinition definition,
            long jobNumber,
            boolean full,
            @Nullable Instant until) implements JobInput {}

    /** Says that the job that was just made can't run. @param reason in one sentence */
    record Fail(long jobNumber, String reason) implements JobInput {}

    /** Asks for the job's end. */
    record Cancel() implements JobInput {}

    /** Asks that no more devices begin. */
    record Pause() implements JobInput {}

    /** Says that its lane has a place for it. @param ticket of the time that it entered */
    record Admit(long jobNumber, long ticket) implements JobInput {}

    /** Says that its lane has no room for it. @param ticket of the time that it wanted to enter */
    record Deny(long jobNumber, long ticket) implements JobInput {}

    /** Asks that devices begin again. */
    record Resume() implements JobInput {}

    /** Says that its start time has come. */
    record Queue() implements JobInput {}

    /** Says that it is queued and may run. */
    record Start() implements JobInput {}

    /** Says that its time is over. */
    record TimeOut() implements JobInput {}

    /** Brings the latest statistics of its device jobs. */
    record Tally(JobStatistics statistics) implements JobInput {}

    /**
     * Asks its policy: more devices may begin, a window opens or closes, too many have failed.
     *
     * @param statistics the latest; null before the first
     */
    record Pace(@Nullable JobStatistics statistics) implements JobInput {}

    /** Says that its history may be over. */
    record Forget() implements JobInput {}
}
