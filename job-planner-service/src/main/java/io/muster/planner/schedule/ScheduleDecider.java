package io.muster.planner.schedule;

import io.muster.planner.batch.BatchJobSchedules;
import io.muster.records.CreateBatchJob;
import io.muster.records.CreateFleetJob;
import io.muster.records.FiringOrder;
import io.muster.records.JobDefinition;
import io.muster.records.ReportScheduleCall;
import io.muster.records.RetryPolicy;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCallEnded;
import io.muster.records.ScheduleCallRepeated;
import io.muster.records.ScheduleCallRetried;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleDeleted;
import io.muster.records.ScheduleEnded;
import io.muster.records.ScheduleEvent;
import io.muster.records.ScheduleFired;
import io.muster.records.ScheduleMissed;
import io.muster.records.ScheduleRefusalReason;
import io.muster.records.ScheduleRefused;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.ScheduleSaved;
import io.muster.records.ScheduleStatus;
import io.muster.records.ScheduleWithheld;
import io.muster.records.Timing;
import io.muster.schedule.Occurrence;
import io.muster.schedule.Retries;
import io.muster.schedule.ScheduleException;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a schedule fires. Each time brings one firing at most. Times that passed unpolled are counted, and never made up for by a burst.
 * Contract: webjobs-and-schedules, 2.7 and 2.9.
 *
 * <pre>
 * (none)   --Save--> ENABLED, DISABLED, or COMPLETED where it is never due
 * ENABLED  --Due---> ENABLED with the next time, fired or missed; or COMPLETED
 * any      --Fire--> the same, fired
 * any      --Save, Suspend--> as from (none)
 * any      --Withhold--> the same; what it does inside fails while its writer may not do it
 * any      --Report, CallDue--> the same, a call ended or ordered again: see {@link CallDecider}
 * any      --JobDue-> the same, its job of Batch asked for: see {@link JobFirings}
 * any      --End---> COMPLETED
 * any      --Delete-> (none)
 * </pre>
 */
public final class ScheduleDecider {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._/-]{1,280}");
    private static final DateTimeFormatter RUN =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss").withZone(ZoneOffset.UTC);
    private static final int MOST_COUNTED = 100;
    private static final int MOST_DAYS = 3_660;

    private static final int LONGEST_TOLERANCE = 7 * 24 * 3600;

    private ScheduleDecider() {}

    /** Decides what comes of an input. @param schedule null where there is none of that id */
    public static Decision<ScheduleEvent> decide(
            String id, @Nullable Schedule schedule, ScheduleInput input, Instant now) {
        return switch (input) {
            case ScheduleInput.Save(ScheduleDefinition definition) -> save(id, schedule, definition, now);
            case ScheduleInput.Suspend(boolean suspended) ->
                schedule == null ? missing() : suspend(schedule, suspended, now);
            case ScheduleInput.Withhold(String writer, @Nullable String reason) ->
                schedule == null ? missing() : withhold(schedule, writer, reason, now);
            case ScheduleInput.Fire _ -> schedule == null ? missing() : asked(schedule, now);
            case ScheduleInput.Delete _ -> schedule == null ? missing() : happened(id, now, new ScheduleDeleted());
            case ScheduleInput.End _ -> schedule == null ? missing() : end(schedule, now);
            case ScheduleInput.Expire _ ->
                schedule == null
                                || expiry(schedule)
                                        .filter(at -> !at.isAfter(now))
                                        .isEmpty()
                        ? new Decision.Nothing<>()
                        : happened(id, now, new ScheduleDeleted());
            case ScheduleInput.IfRevision(long revision, ScheduleInput asked) ->
                ifRevision(schedule, revision).orElseGet(() -> decide(id, schedule, asked, now));
            case ScheduleInput.Due _ -> schedule == null ? new Decision.Nothing<>() : due(schedule, now);
            case ScheduleInput.Report(ReportScheduleCall report) ->
                schedule == null
                        ? new Decision.Nothing<>()
                        : call(
                                id,
                                CallDecider.reported(schedule, report)
                                        .or(() -> JobFirings.reported(schedule, report))
                                        .or(() -> refusedJob(schedule, report)),
                                now);
            case ScheduleInput.CallDue due ->
                schedule == null ? new Decision.Nothing<>() : call(id, CallDecider.due(schedule, due, now), now);
            case ScheduleInput.JobDue _ ->
                schedule == null ? new Decision.Nothing<>() : call(id, JobFirings.due(schedule, now), now);
        };
    }

    /** Returns the refusal of what wants another revision. */
    private static Optional<Decision<ScheduleEvent>> ifRevision(@Nullable Schedule schedule, long revision) {
        if (revision == 0) {
            return schedule == null
                    ? Optional.empty()
                    : Optional.of(refused(ScheduleRefusalReason.EXISTS, "There is a schedule of that id."));
        }
        return schedule == null || schedule.getRevision() == revision
                ? Optional.empty()
                : Optional.of(refused(
                        ScheduleRefusalReason.CHANGED_MEANWHILE, "The schedule has changed meanwhile: read it again."));
    }

    private static Decision<ScheduleEvent> end(Schedule known, Instant now) {
        return known.getStatus() == ScheduleStatus.COMPLETED && known.getActiveRun() == null
                ? completed()
                : happened(known.getScheduleId(), now, new ScheduleEnded());
    }

    private static Decision<ScheduleEvent> completed() {
        return refused(ScheduleRefusalReason.COMPLETED, "The schedule is completed.");
    }

    /** Returns whether a time finds an earlier firing under way. */
    private static boolean isBusy(Schedule schedule) {
        return CallDecider.isBusy(schedule) || JobFirings.isBusy(schedule);
    }

    private static Decision<ScheduleEvent> asked(Schedule schedule, Instant now) {
        Instant nextAt = schedule.getNextAt();
        return happened(
                schedule.getScheduleId(),
                now,
                isBusy(schedule) || CallDecider.withheld(schedule, false).isPresent()
                        ? missed(schedule, now, 1, nextAt, false, true)
                        : new ScheduleFired(now, 0, nextAt, true, run(schedule, now)));
    }

    /** Returns why a time brings nothing. @param late whether it was too late to fire */
    private static ScheduleMissed missed(
            Schedule schedule, Instant dueAt, int count, @Nullable Instant nextAt, boolean late, boolean asked) {
        return new ScheduleMissed(
                dueAt,
                count,
                nextAt,
                !late && isBusy(schedule),
                asked,
                late ? "" : CallDecider.withheld(schedule, false).orElse(""));
    }

    private static Decision<ScheduleEvent> withhold(
            Schedule known, String writer, @Nullable String reason, Instant now) {
        return !writer.equals(known.getDefinition().getWriter()) || Objects.equals(reason, known.getWithheld())
                ? new Decision.Nothing<>()
                : happened(known.getScheduleId(), now, new ScheduleWithheld(reason));
    }

    /** Decides about the report of a job that was refused: it is no call, and counts as made until then. */
    private static Optional<Object> refusedJob(Schedule schedule, ReportScheduleCall report) {
        boolean isOfJob = schedule.getDefinition().getAction() instanceof CreateFleetJob
                && !report.getSucceeded()
                && schedule.getRecent().stream()
                        .anyMatch(run ->
                                run.getRun().equals(report.getRun()) && run.getOutcome() == ScheduleRunOutcome.DONE);
        return isOfJob
                ? Optional.of(new ScheduleCallEnded(
                        report.getRun(),
                        false,
                        0,
                        report.getStartedAt(),
                        report.getEndedAt(),
                        false,
                        report.getMessage(),
                        null,
                        false))
                : Optional.empty();
    }

    private static Decision<ScheduleEvent> call(String id, Optional<Object> event, Instant now) {
        return event.isPresent() ? happened(id, now, event.get()) : new Decision.Nothing<>();
    }

    private static Decision<ScheduleEvent> suspend(Schedule known, boolean suspended, Instant now) {
        ScheduleDefinition definition = known.getDefinition();
        return definition.getSuspended() == suspended
                ? new Decision.Nothing<>()
                : save(
                        known.getScheduleId(),
                        known,
                        ScheduleDefinition.newBuilder(definition)
                                .setSuspended(suspended)
                                .build(),
                        now);
    }

    private static Decision<ScheduleEvent> save(
            String id, @Nullable Schedule known, ScheduleDefinition definition, Instant now) {
        if (!ID.matcher(id).matches()) {
            return refused("The schedule's id has up to 280 letters, digits, dots, dashes, slashes and underscores.");
        }
        boolean makesJobs = definition.getAction() instanceof CreateBatchJob;
        Optional<String> fault = BatchJobSchedules.fault(id, definition.getAction());
        if (fault.isPresent()) {
            return refused(fault.get());
        }
        boolean isOver = known != null
                && known.getActiveRun() == null
                && (known.getEnded() || makesJobs && known.getStatus() == ScheduleStatus.COMPLETED);
        if (isOver) {
            return completed();
        }
        Integer keptDays = definition.getKeptDays();
        if (keptDays != null && (keptDays < 0 || keptDays > MOST_DAYS)) {
            return refused("A schedule is kept for 0 to " + MOST_DAYS + " days behind its end.");
        }
        if (definition.getToleranceSeconds() < 0
                || !makesJobs && definition.getToleranceSeconds() > LONGEST_TOLERANCE) {
            return refused("A schedule's tolerance is 0 to " + LONGEST_TOLERANCE + " seconds.");
        }
        Long count = definition.getTiming().getCount();
        if (count != null && count < 1) {
            return refused("A schedule fires once or more often: its count is 1 at least.");
        }
        try {
            check(definition.getRetry());
            check(definition.getErrorRetry());
            @Nullable Instant nextAt = nextAt(known, definition, now);
            ScheduleStatus status = nextAt == null
                    ? ScheduleStatus.COMPLETED
                    : definition.getEnabled() && !definition.getSuspended()
                            ? ScheduleStatus.ENABLED
                            : ScheduleStatus.DISABLED;
            return happened(id, now, new ScheduleSaved(definition, status, nextAt));
        } catch (ScheduleException e) {
            return refused(e.getMessage());
        }
    }

    private static void check(@Nullable RetryPolicy policy) throws ScheduleException {
        if (policy != null) {
            Retries.of(policy.getCount(), Duration.ofSeconds(policy.getIntervalSeconds()));
        }
    }

    /** Returns when a saved schedule is due: where its times are unchanged they go on, but for those that went by while it was disabled. An only time that went by then is late, or missed. */
    private static @Nullable Instant nextAt(@Nullable Schedule known, ScheduleDefinition definition, Instant now)
            throws ScheduleException {
        Timing timing = definition.getTiming();
        if (known == null || !ScheduleState.goesOn(known, definition)) {
            io.muster.schedule.Schedule times = Timings.compile(timing, now);
            Optional<Instant> open = definition.getAction() instanceof CreateBatchJob
                    ? JobFirings.open(definition, times, now)
                            .filter(time ->
                                    known == null || known.getLastAt() == null || time.isAfter(known.getLastAt()))
                    : Optional.empty();
            return open.orElse(time(times.first(now)));
        }
        long fired = known.getFired() - known.getAsked();
        if (isReached(definition, fired)) {
            return null;
        }
        @Nullable Instant nextAt = known.getNextAt();
        if (definition.getAction() instanceof CreateBatchJob) {
            return nextAt;
        }
        if (known.getStatus() == ScheduleStatus.ENABLED && nextAt != null) {
            return timing.getEnd() != null && nextAt.isAfter(timing.getEnd()) ? null : nextAt;
        }
        boolean waitsForItsOnlyTime = timing.getRecurrence() == null && fired == 0 && known.getMissed() == 0;
        boolean isNow = timing.getStart() == null || !timing.getStart().isAfter(known.getStartedAt());
        if (waitsForItsOnlyTime) {
            return isNow ? now : timing.getStart();
        }
        return time(Timings.compile(timing, known.getStartedAt()).after(now));
    }

    private static Decision<ScheduleEvent> due(Schedule schedule, Instant now) {
        Instant dueAt = schedule.getNextAt();
        if (schedule.getStatus() != ScheduleStatus.ENABLED || dueAt == null || dueAt.isAfter(now)) {
            return new Decision.Nothing<>();
        }
        io.muster.schedule.Schedule times = times(schedule);
        if (JobFirings.isBusy(schedule)) {
            return call(schedule.getScheduleId(), JobFirings.postponed(schedule, dueAt, times, now), now);
        }
        Optional<Occurrence> next = times.after(dueAt);
        Instant latest = dueAt;
        int passed = 0;
        if (next.isPresent() && !next.get().time().isAfter(now)) {
            io.muster.schedule.Schedule.Passed meanwhile = times.passed(dueAt, now, MOST_COUNTED);
            latest = meanwhile.last().orElse(dueAt);
            passed = Math.toIntExact(meanwhile.count());
            next = times.after(now);
        }
        Duration tolerance = Duration.ofSeconds(schedule.getDefinition().getToleranceSeconds());
        boolean late =
                Duration.between(latest, now).compareTo(tolerance) > 0 || JobFirings.isOver(schedule, latest, now);
        if (late || isBusy(schedule) || CallDecider.withheld(schedule, false).isPresent()) {
            return happened(
                    schedule.getScheduleId(), now, missed(schedule, latest, passed + 1, time(next), late, false));
        }
        boolean last = isReached(schedule.getDefinition(), schedule.getFired() - schedule.getAsked() + 1);
        return happened(
                schedule.getScheduleId(),
                now,
                new ScheduleFired(latest, passed, last ? null : time(next), false, run(schedule, latest)));
    }

    /** Returns the name of a firing, which is no earlier one's: one that was asked for, or one of times that were changed, may be due in the same second. */
    private static String run(Schedule schedule, Instant dueAt) {
        String latest = schedule.getLastRun();
        String run = RUN.format(dueAt);
        return run.compareTo(latest) > 0
                ? run
                : RUN.format(LocalDateTime.parse(latest, RUN).plusSeconds(1).atOffset(ZoneOffset.UTC));
    }

    /** Returns whether a schedule has fired as often as its definition allows. @param fired how often it fired at its own times */
    private static boolean isReached(ScheduleDefinition definition, long fired) {
        Long count = definition.getTiming().getCount();
        return count != null && fired >= count;
    }

    static io.muster.schedule.Schedule times(Schedule schedule) {
        try {
            return Timings.saved(schedule.getDefinition().getTiming(), schedule.getStartedAt());
        } catch (ScheduleException e) {
            throw new IllegalStateException("a schedule was saved that makes no sense: " + e.getMessage(), e);
        }
    }

    static @Nullable Instant time(Optional<Occurrence> occurrence) {
        return occurrence.map(Occurrence::time).orElse(null);
    }

    /** Returns the state after the event; null where it is gone. */
    public static @Nullable Schedule evolve(@Nullable Schedule schedule, ScheduleEvent event) {
        return ScheduleState.evolve(schedule, event);
    }

    /** Returns what the command carries by which a firing makes a job. */
    public static FiringOrder reference(Schedule after, String run, Instant now) {
        return new FiringOrder(after.getScheduleId(), run, false, 0, CallDecider.until(after.getDefinition(), now));
    }

    /** Returns the call that an event orders; empty where it orders none. */
    public static Optional<CallOrder> call(Schedule after, ScheduleEvent event) {
        return switch (event.getEvent()) {
            case ScheduleFired fired -> CallDecider.order(after, fired.getRun(), false);
            case ScheduleCallRetried retried -> CallDecider.order(after, retried.getRun(), retried.getOfError());
            case ScheduleCallRepeated repeated -> CallDecider.order(after, repeated.getRun(), repeated.getOfError());
            case ScheduleCallEnded ended ->
                ended.getErrorAction() ? CallDecider.order(after, ended.getRun(), true) : Optional.empty();
            default -> Optional.empty();
        };
    }

    /** Returns when time itself becomes an input. */
    public static Optional<Instant> due(Schedule schedule) {
        Optional<Instant> next = schedule.getStatus() == ScheduleStatus.ENABLED
                ? Optional.ofNullable(schedule.getNextAt())
                : Optional.empty();
        if (JobFirings.isBusy(schedule)) {
            next = next.flatMap(dueAt -> JobFirings.overAt(schedule, dueAt, times(schedule)));
        }
        return Stream.of(next, CallDecider.due(schedule), JobFirings.askAt(schedule), expiry(schedule))
                .flatMap(Optional::stream)
                .min(Comparator.naturalOrder());
    }

    /** Returns until when a schedule is kept that fires no more; empty where it is kept until it is deleted. */
    private static Optional<Instant> expiry(Schedule schedule) {
        Integer days = schedule.getDefinition().getKeptDays();
        return days == null || schedule.getStatus() != ScheduleStatus.COMPLETED
                ? Optional.empty()
                : Optional.of(Objects.requireNonNullElse(schedule.getStatusSince(), schedule.getUpdatedAt())
                        .plus(Duration.ofDays(days)));
    }

    /** Returns the inputs when that time has come. */
    public static List<ScheduleInput> whenDue(Schedule schedule) {
        return Stream.of(
                        Stream.of(new ScheduleInput.Due()),
                        JobFirings.askAt(schedule).stream().map(_ -> new ScheduleInput.JobDue()),
                        expiry(schedule).stream().map(_ -> new ScheduleInput.Expire()),
                        CallDecider.inputs(schedule).stream())
                .<ScheduleInput>flatMap(inputs -> inputs)
                .toList();
    }

    /** Returns the job that a firing makes. */
    public static JobDefinition job(CreateFleetJob action, String run) {
        JobDefinition definition = action.getDefinition();
        return JobDefinition.newBuilder(definition)
                .setJobId(definition.getJobId() + "-" + run)
                .setStartTime(null)
                .build();
    }

    private static Decision<ScheduleEvent> happened(String id, Instant now, Object event) {
        return new Decision.Happened<>(new ScheduleEvent(id, now, event));
    }

    private static Decision<ScheduleEvent> refused(String message) {
        return refused(ScheduleRefusalReason.INVALID, message);
    }

    private static Decision<ScheduleEvent> refused(ScheduleRefusalReason reason, String message) {
        return new Decision.Refused<>(new ScheduleRefused(reason, message));
    }

    private static Decision<ScheduleEvent> missing() {
        return new Decision.Refused<>(
                new ScheduleRefused(ScheduleRefusalReason.NOT_FOUND, "There is no such schedule."));
    }
}
