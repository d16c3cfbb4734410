package io.muster.planner.schedule;

import io.muster.records.CreateBatchJob;
import io.muster.records.ReportScheduleCall;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCallRepeated;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleJobEnded;
import io.muster.records.ScheduleMissed;
import io.muster.records.ScheduleRun;
import io.muster.schedule.Occurrence;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides about schedules that make jobs of Batch. Such a schedule has one job at a time that has not ended. A time that comes meanwhile is open for as long as the tolerance,
 * which Batch calls the start window, and up to the next time at most: the end of the job brings the next one within that, and none behind it. Contract: batch, 3.4.
 *
 * <p>A job may go on for weeks, and its report may be lost with a record that could not be read. So the job is asked for as long as it has not ended: a minute behind its order, then behind pauses that double up to an hour.
 * One that goes on answers nothing. The question comes to the job's partition behind the order that makes the job: one that is not there then was not made, or is gone.
 */
final class JobFirings {
    /** Is the tolerance of a schedule whose times are open up to the next one. */
    private static final int NO_LIMIT = Integer.MAX_VALUE;

    private static final int MOST_COUNTED = 100;
    private static final Duration FIRST_PAUSE = Duration.ofMinutes(1);
    private static final Duration LONGEST_PAUSE = Duration.ofHours(1);
    private static final String BUSY = "The job of an earlier time had not ended.";

    private JobFirings() {}

    private static boolean makesJobs(Schedule schedule) {
        return schedule.getDefinition().getAction() instanceof CreateBatchJob;
    }

    /** Returns whether a job has not ended. */
    static boolean isBusy(Schedule schedule) {
        return makesJobs(schedule) && schedule.getActiveRun() != null;
    }

    /** Returns whether the schedule ended while a time waited for the job of an earlier one. A time that did not wait is no later than the end, however late it fires. */
    static boolean isOver(Schedule schedule, Instant dueAt, Instant now) {
        @Nullable Instant end = schedule.getDefinition().getTiming().getEnd();
        return makesJobs(schedule)
                && end != null
                && now.isAfter(end)
                && schedule.getRecent().stream()
                        .map(ScheduleRun::getEndedAt)
                        .anyMatch(ended -> ended != null && ended.isAfter(dueAt));
    }

    /** Returns the time that is open now, of a schedule whose start is past; empty where none is. */
    static Optional<Instant> open(ScheduleDefinition definition, io.muster.schedule.Schedule times, Instant now) {
        return times.passed(times.start().minusSeconds(1), now, MOST_COUNTED)
                .last()
                .filter(last -> isOpen(definition, last, now));
    }

    private static boolean isOpen(ScheduleDefinition definition, Instant time, Instant now) {
        return definition.getToleranceSeconds() == NO_LIMIT
                || Duration.between(time, now).compareTo(Duration.ofSeconds(definition.getToleranceSeconds())) <= 0;
    }

    /** Returns when a time is over that finds a job under way; empty where it is open until the job ends. */
    static Optional<Instant> overAt(Schedule schedule, Instant dueAt, io.muster.schedule.Schedule times) {
        int tolerance = schedule.getDefinition().getToleranceSeconds();
        Optional<Instant> window = tolerance == NO_LIMIT ? Optional.empty() : Optional.of(dueAt.plusSeconds(tolerance));
        return Stream.of(window, times.after(dueAt).map(Occurrence::time))
                .flatMap(Optional::stream)
                .min(Comparator.naturalOrder());
    }

    /** Decides about a time that finds a job under way: nothing while it is open; else it brings nothing, and the next one is waited for. */
    static Optional<Object> postponed(
            Schedule schedule, Instant dueAt, io.muster.schedule.Schedule times, Instant now) {
        if (overAt(schedule, dueAt, times).filter(over -> !over.isAfter(now)).isEmpty()) {
            return Optional.empty();
        }
        io.muster.schedule.Schedule.Passed passed = times.passed(dueAt, now, MOST_COUNTED);
        Optional<Instant> open = passed.last().filter(last -> isOpen(schedule.getDefinition(), last, now));
        int missed = Math.toIntExact(passed.count()) + (open.isPresent() ? 0 : 1);
        @Nullable Instant nextAt = open.orElse(ScheduleDecider.time(times.after(now)));
        return Optional.of(new ScheduleMissed(dueAt, missed, nextAt, true, false, BUSY));
    }

    /** Returns the schedule when a firing has ordered its next job. */
    static Schedule.Builder ordered(Schedule.Builder schedule, String run, Instant now) {
        return schedule.setLastJob(schedule.getLastJob() + 1)
                .setActiveRun(run)
                .setAskAt(now.plus(FIRST_PAUSE))
                .setAsks(0);
    }

    /** Returns the schedule that has no job any more that has not ended. */
    static Schedule.Builder over(Schedule.Builder schedule) {
        return schedule.setActiveRun(null).setAskAt(null).setAsks(0);
    }

    /** Returns the schedule when its job was asked for. */
    static Schedule asked(Schedule.Builder schedule, Instant now) {
        Duration twice = FIRST_PAUSE.multipliedBy(2L << Math.min(schedule.getAsks(), 10));
        Duration pause = twice.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : twice;
        return schedule.setAskAt(now.plus(pause))
                .setAsks(schedule.getAsks() + 1)
                .build();
    }

    /** Returns when a job is asked for that was not reported; empty where none has to be. */
    static Optional<Instant> askAt(Schedule schedule) {
        return isBusy(schedule) ? Optional.ofNullable(schedule.getAskAt()) : Optional.empty();
    }

    /** Decides about a job that should have been reported; empty where it is too early. */
    static Optional<Object> due(Schedule schedule, Instant now) {
        return askAt(schedule)
                .filter(at -> !at.isAfter(now))
                .map(_ -> new ScheduleCallRepeated(schedule.getActiveRun(), false, 0));
    }

    /** Returns whether that is the run of the job that has not ended. */
    static boolean isActive(Schedule.Builder schedule, String run) {
        return run.equals(schedule.getActiveRun());
    }

    /** Decides about the report of a job; empty where it is not of the one that has not ended. */
    static Optional<Object> reported(Schedule schedule, ReportScheduleCall report) {
        return isBusy(schedule) && report.getRun().equals(schedule.getActiveRun())
                ? Optional.of(new ScheduleJobEnded(
                        report.getRun(), report.getEndedAt(), report.getSucceeded(), report.getMessage()))
                : Optional.empty();
    }
}
