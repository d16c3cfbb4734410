package io.muster.planner.schedule;

import io.muster.records.CreateBatchJob;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCallEnded;
import io.muster.records.ScheduleCallRepeated;
import io.muster.records.ScheduleCallRetried;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleDeleted;
import io.muster.records.ScheduleEnded;
import io.muster.records.ScheduleEvent;
import io.muster.records.ScheduleFired;
import io.muster.records.ScheduleJobEnded;
import io.muster.records.ScheduleMissed;
import io.muster.records.ScheduleRefused;
import io.muster.records.ScheduleRun;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.ScheduleSaved;
import io.muster.records.ScheduleStatus;
import io.muster.records.ScheduleWithheld;
import io.muster.records.Timing;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Folds the events of a schedule into its document. Contract: webjobs-and-schedules, 2.9 and 2.10. */
final class ScheduleState {
    /** Bounds the runs that are kept, all of which are in the document: those of 60 days, up to three a day. Contract: webjobs-and-schedules, 2.9. */
    private static final int MOST_RECENT = 200;

    private ScheduleState() {}

    /** Returns the state after the event; null where it is gone. */
    static @Nullable Schedule evolve(@Nullable Schedule schedule, ScheduleEvent event) {
        @Nullable Schedule after = evolved(schedule, event);
        boolean isMoved = after != null && (schedule == null || schedule.getStatus() != after.getStatus());
        return isMoved
                ? Schedule.newBuilder(after).setStatusSince(event.getAt()).build()
                : after;
    }

    private static @Nullable Schedule evolved(@Nullable Schedule schedule, ScheduleEvent event) {
        return switch (event.getEvent()) {
            case ScheduleSaved saved -> saved(schedule, event, saved);
            case ScheduleFired fired -> {
                Schedule.Builder changed = changed(schedule, event).setLastAt(fired.getDueAt());
                changed.setFired(changed.getFired() + 1)
                        .setAsked(changed.getAsked() + (fired.getAsked() ? 1 : 0))
                        .setMissed(changed.getMissed() + fired.getMissed())
                        .setLastRun(fired.getRun());
                if (CallDecider.isCall(changed.getDefinition().getAction())) {
                    changed.setCalls(
                            CallDecider.ordered(changed, fired.getRun(), false, 0, fired.getDueAt(), event.getAt()));
                } else {
                    changed.setRecent(recent(
                            changed,
                            ScheduleRun.newBuilder()
                                    .setDueAt(fired.getDueAt())
                                    .setAt(event.getAt())
                                    .setAsked(fired.getAsked())
                                    .setRun(fired.getRun())
                                    .build()));
                }
                if (changed.getDefinition().getAction() instanceof CreateBatchJob) {
                    JobFirings.ordered(changed, fired.getRun(), event.getAt());
                }
                yield next(changed, fired.getNextAt(), fired.getAsked()).build();
            }
            case ScheduleMissed missed -> {
                Schedule.Builder changed = changed(schedule, event);
                changed.setMissed(changed.getMissed() + missed.getMissed())
                        .setRecent(recent(
                                changed,
                                ScheduleRun.newBuilder()
                                        .setDueAt(missed.getDueAt())
                                        .setAt(event.getAt())
                                        .setAsked(missed.getAsked())
                                        .setMissed(true)
                                        .setOutcome(
                                                missed.getBusy()
                                                        ? ScheduleRunOutcome.POSTPONED
                                                        : ScheduleRunOutcome.FAILED)
                                        .setMessage(missed.getMessage())
                                        .build()));
                yield next(changed, missed.getNextAt(), missed.getAsked()).build();
            }
            case ScheduleWithheld withheld ->
                changed(schedule, event).setWithheld(withheld.getReason()).build();
            case ScheduleCallEnded ended ->
                schedule != null
                                && CallDecider.find(schedule, ended.getRun(), ended.getOfError())
                                        .isEmpty()
                        ? runEnded(
                                changed(schedule, event), ended.getRun(), false, ended.getEndedAt(), ended.getMessage())
                        : ended(changed(schedule, event), ended, event.getAt());
            case ScheduleCallRetried retried -> {
                Schedule.Builder changed = changed(schedule, event);
                Instant dueAt = CallDecider.dueAt(changed, retried.getRun(), retried.getOfError());
                yield changed.setCalls(CallDecider.ordered(
                                changed,
                                retried.getRun(),
                                retried.getOfError(),
                                retried.getAttempt(),
                                dueAt,
                                event.getAt()))
                        .build();
            }
            case ScheduleCallRepeated repeated -> {
                Schedule.Builder changed = changed(schedule, event);
                yield JobFirings.isActive(changed, repeated.getRun())
                        ? JobFirings.asked(changed, event.getAt())
                        : changed.setCalls(CallDecider.repeated(changed, repeated, event.getAt()))
                                .build();
            }
            case ScheduleEnded _ ->
                revised(JobFirings.over(changed(schedule, event)), event)
                        .setStatus(ScheduleStatus.COMPLETED)
                        .setNextAt(null)
                        .setEnded(true)
                        .build();
            case ScheduleJobEnded ended ->
                runEnded(
                        JobFirings.over(changed(schedule, event)),
                        ended.getRun(),
                        ended.getSucceeded(),
                        ended.getEndedAt(),
                        ended.getMessage());
            case ScheduleDeleted _ -> null;
            case ScheduleRefused _ -> schedule;
            case Object unknown ->
                throw new IllegalStateException("not an event of a schedule, class=" + unknown.getClass());
        };
    }

    /** Notes the end of a run that is no call. */
    private static Schedule runEnded(
            Schedule.Builder changed, String ended, boolean succeeded, Instant endedAt, String message) {
        return changed.setFailures(changed.getFailures() + (succeeded ? 0 : 1))
                .setRecent(changed.getRecent().stream()
                        .map(run -> run.getRun().equals(ended)
                                ? ScheduleRun.newBuilder(run)
                                        .setOutcome(succeeded ? ScheduleRunOutcome.DONE : ScheduleRunOutcome.FAILED)
                                        .setEndedAt(endedAt)
                                        .setMessage(message)
                                        .build()
                                : run)
                        .toList())
                .build();
    }

    private static Schedule ended(Schedule.Builder changed, ScheduleCallEnded ended, Instant now) {
        Instant dueAt = CallDecider.dueAt(changed, ended.getRun(), ended.getOfError());
        changed.setRecent(recent(
                        changed,
                        ScheduleRun.newBuilder()
                                .setDueAt(dueAt)
                                .setAt(ended.getStartedAt())
                                .setEndedAt(ended.getEndedAt())
                                .setRun(ended.getRun())
                                .setOfError(ended.getOfError())
                                .setAttempt(ended.getAttempt())
                                .setOutcome(ended.getSucceeded() ? ScheduleRunOutcome.DONE : ScheduleRunOutcome.FAILED)
                                .setMessage(ended.getMessage())
                                .build()))
                .setCalls(CallDecider.ended(changed, ended));
        if (!ended.getSucceeded() && !ended.getOfError() && ended.getRetryAt() == null) {
            changed.setFailures(changed.getFailures() + 1);
        }
        if (ended.getErrorAction()) {
            changed.setCalls(CallDecider.ordered(changed, ended.getRun(), true, 0, dueAt, now));
        }
        return changed.build();
    }

    private static List<ScheduleRun> recent(Schedule.Builder changed, ScheduleRun run) {
        List<ScheduleRun> recent = new ArrayList<>(List.of(run));
        changed.getRecent().stream().limit(MOST_RECENT - 1L).forEach(recent::add);
        return recent;
    }

    private static Schedule saved(@Nullable Schedule known, ScheduleEvent event, ScheduleSaved saved) {
        Schedule.Builder after = known == null
                ? Schedule.newBuilder().setScheduleId(event.getScheduleId()).setCreatedAt(event.getAt())
                : Schedule.newBuilder(known);
        if (known != null) {
            after.setCalls(CallDecider.kept(known, saved.getDefinition()));
        }
        if (known == null || !goesOn(known, saved.getDefinition())) {
            after.setStartedAt(event.getAt())
                    .setFired(0)
                    .setAsked(0)
                    .setMissed(0)
                    .setFailures(0);
        }
        if (known != null
                && !Objects.equals(
                        known.getDefinition().getWriter(), saved.getDefinition().getWriter())) {
            after.setWithheld(null);
        }
        return revised(after, event)
                .setDefinition(saved.getDefinition())
                .setStatus(saved.getStatus())
                .setUpdatedAt(event.getAt())
                .setNextAt(saved.getNextAt())
                .build();
    }

    private static Schedule.Builder revised(Schedule.Builder after, ScheduleEvent event) {
        return after.setRevision(after.getRevision() + 1).setRevisedAt(event.getAt());
    }

    private static Schedule.Builder changed(@Nullable Schedule schedule, ScheduleEvent event) {
        if (schedule == null) {
            throw new IllegalStateException("an event of no schedule, id=" + event.getScheduleId());
        }
        return Schedule.newBuilder(schedule).setUpdatedAt(event.getAt());
    }

    private static Schedule.Builder next(Schedule.Builder changed, @Nullable Instant nextAt, boolean asked) {
        changed.setNextAt(nextAt);
        return nextAt == null && !asked ? changed.setStatus(ScheduleStatus.COMPLETED) : changed;
    }

    /** Returns whether the times of a schedule go on: they are as before, but for where they end. One that has no start has that of its first definition. */
    static boolean goesOn(Schedule known, ScheduleDefinition definition) {
        Timing before = known.getDefinition().getTiming();
        Timing after = definition.getTiming();
        return definition.getAction() instanceof CreateBatchJob
                ? before.equals(after)
                : endless(known, before).equals(endless(known, after));
    }

    private static Timing endless(Schedule known, Timing timing) {
        return Timing.newBuilder(timing)
                .setStart(Objects.requireNonNullElse(timing.getStart(), known.getStartedAt())
                        .truncatedTo(ChronoUnit.SECONDS))
                .setEnd(null)
                .setCount(null)
                .build();
    }
}
