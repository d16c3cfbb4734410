package io.muster.planner.schedule;

import io.muster.records.ReportScheduleCall;
import io.muster.records.ScheduleDefinition;
import org.jspecify.annotations.Nullable;

/** Holds an input of a schedule's decider. */
public sealed interface ScheduleInput {
    /** Asks for a new schedule, or for a change of one. */
    record Save(ScheduleDefinition definition) implements ScheduleInput {}

    /** Asks that it fires now. */
    record Fire() implements ScheduleInput {}

    /** Asks that it is deleted. */
    record Delete() implements ScheduleInput {}

    /** Asks that it fires no more. */
    record End() implements ScheduleInput {}

    /** Asks for something where the schedule has a revision. @param revision 0 where there is to be none */
    record IfRevision(long revision, ScheduleInput input) implements ScheduleInput {}

    /** Says whether its collection is disabled. */
    record Suspend(boolean suspended) implements ScheduleInput {}

    /** Says that its writer may no longer do what it does, and why; or may again. @param reason null for none */
    record Withhold(String writer, @Nullable String reason) implements ScheduleInput {}

    /** Says that it has been kept for as long as it is to be, if it has. */
    record Expire() implements ScheduleInput {}

    /** Says that it is due. */
    record Due() implements ScheduleInput {}

    /** Says what became of a call. */
    record Report(ReportScheduleCall report) implements ScheduleInput {}

    /** Says that a call may be tried again, or should have been reported. */
    record CallDue(String run, boolean ofError) implements ScheduleInput {}

    /** Says that the job of Batch that has not ended should have been reported. */
    record JobDue() implements ScheduleInput {}
}
