package io.muster.planner.job;

import io.muster.records.JobDefinition;
import io.muster.records.JobStatistics;
import org.jspecify.annotations.Nullable;

/** What is wanted of a job, by a person, by a timer, or by what happened on devices. The decider asks whether it still holds. */
public sealed interface JobIntent {
    /**
     * Somebody wants it.
     *
     * @param jobNumber unique among jobs
     * @param full as many jobs are active as may be
     */
    record Create(JobDefinition definition, long jobNumber, boolean full) implements JobIntent {}

    record Cancel() implements JobIntent {}

    record Pause() implements JobIntent {}

    record Resume() implements JobIntent {}

    /** Its start time has come. */
    record Queue() implements JobIntent {}

    /** It is queued and may run. */
    record Start() implements JobIntent {}

    /** Its time is over. */
    record TimeOut() implements JobIntent {}

    /** The tally of its device jobs moved. */
    record Tally(JobStatistics statistics) implements JobIntent {}

    /**
     * Its policy may want something: more devices may begin, a window opens or closes, too many have failed.
     *
     * @param statistics the latest; null before the first
     */
    record Pace(@Nullable JobStatistics statistics) implements JobIntent {}

    /** Its history may be over. */
    record Forget() implements JobIntent {}
}
