package io.muster.planner.schedule;

import io.muster.records.CallEndpoint;
import io.muster.records.ReportScheduleCall;
import io.muster.records.RetryPolicy;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCall;
import io.muster.records.ScheduleCallEnded;
import io.muster.records.ScheduleCallRetried;
import io.muster.records.ScheduleCallState;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleStatus;
import io.muster.records.WriteMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides about the calls of a schedule: those of endpoints, and messages to topics. One is carried out at a time; those that failed wait for their
 * retries. Contract: webjobs-and-schedules, 2.9.
 *
 * <pre>
 * (none)       --firing----------------------> carried out (attempt 0)
 * carried out  --succeeded-------------------> (none)
 * carried out  --failed, or no report in time-> waits, while its policy has retries; else (none), and the error action is ordered
 * waits        --due-------------------------> carried out (attempt + 1), once no other is
 * </pre>
 */
final class CallDecider {
    static final int MOST_WAITING = 20;

    /** Lasts from when nobody may begin a call any more until it should have been reported. */
    private static final Duration CARRYING_OUT = Duration.ofMinutes(1);

    private static final Duration SHORTEST_LIFE = Duration.ofMinutes(1);

    private CallDecider() {}

    /** Returns whether an action is carried out by a call, whose end is reported. */
    static boolean isCall(@Nullable Object action) {
        return action instanceof CallEndpoint || action instanceof WriteMessage;
    }

    /** Returns whether a firing finds a call that is carried out, or too many that wait. */
    static boolean isBusy(Schedule schedule) {
        return isCall(schedule.getDefinition().getAction())
                && (schedule.getCalls().size() >= MOST_WAITING || isCarriedOut(schedule));
    }

    private static boolean isCarriedOut(Schedule schedule) {
        return schedule.getCalls().stream().anyMatch(call -> !call.getWaits());
    }

    private static Optional<ScheduleCallState> find(Schedule schedule, String run, boolean ofError) {
        return schedule.getCalls().stream()
                .filter(call -> call.getRun().equals(run) && call.getOfError() == ofError)
                .findFirst();
    }

    /** Decides about a report; empty where it is of no call that is carried out. */
    static Optional<Object> reported(Schedule schedule, ReportScheduleCall report) {
        return find(schedule, report.getRun(), report.getOfError())
                .filter(call -> !call.getWaits() && call.getAttempt() == report.getAttempt())
                .map(_ -> ended(schedule, report));
    }

    private static Object ended(Schedule schedule, ReportScheduleCall report) {
        ScheduleDefinition definition = schedule.getDefinition();
        RetryPolicy policy = report.getOfError() ? definition.getErrorRetry() : definition.getRetry();
        boolean retries = !report.getSucceeded() && policy != null && report.getAttempt() < policy.getCount();
        boolean orders =
                !report.getSucceeded() && !retries && !report.getOfError() && definition.getErrorAction() != null;
        boolean withheld = schedule.getWithheld() != null && !isCall(definition.getErrorAction());
        return new ScheduleCallEnded(
                report.getRun(),
                report.getOfError(),
                report.getAttempt(),
                report.getStartedAt(),
                report.getEndedAt(),
                report.getSucceeded(),
                report.getMessage() + (orders && withheld ? " Its error action fails: " + schedule.getWithheld() : ""),
                retries ? report.getEndedAt().plusSeconds(policy.getIntervalSeconds()) : null,
                orders && !withheld);
    }

    /** Decides about a call whose time has come; empty where it has not. */
    static Optional<Object> due(Schedule schedule, ScheduleInput.CallDue input, Instant now) {
        return find(schedule, input.run(), input.ofError())
                .filter(call -> !call.getAt().isAfter(now))
                .flatMap(call -> {
                    if (!call.getWaits()) {
                        return Optional.of(ended(schedule, lost(call, now)));
                    }
                    return isCarriedOut(schedule) || schedule.getStatus() == ScheduleStatus.DISABLED
                            ? Optional.empty()
                            : Optional.of(
                                    new ScheduleCallRetried(call.getRun(), call.getOfError(), call.getAttempt() + 1));
                });
    }

    private static ReportScheduleCall lost(ScheduleCallState call, Instant now) {
        return new ReportScheduleCall(
                call.getRun(),
                call.getOfError(),
                call.getAttempt(),
                now,
                now,
                false,
                "Nobody carried it out in time: see whether the stream processor runs.");
    }

    /** Returns when a call becomes an input of itself. */
    static Optional<Instant> due(Schedule schedule) {
        boolean none = !isCarriedOut(schedule) && schedule.getStatus() != ScheduleStatus.DISABLED;
        return schedule.getCalls().stream()
                .filter(call -> !call.getWaits() || none)
                .map(ScheduleCallState::getAt)
                .min(Comparator.naturalOrder());
    }

    /** Returns the inputs of calls whose time may have come, the one that is carried out first. */
    static List<ScheduleInput> inputs(Schedule schedule) {
        return schedule.getCalls().stream()
                .sorted(Comparator.comparing(ScheduleCallState::getWaits).thenComparing(ScheduleCallState::getAt))
                .<ScheduleInput>map(call -> new ScheduleInput.CallDue(call.getRun(), call.getOfError()))
                .toList();
    }

    /** Returns the calls when a firing or a failure has ordered another. */
    static List<ScheduleCallState> ordered(
            Schedule.Builder schedule, String run, boolean ofError, int attempt, Instant dueAt, Instant now) {
        List<ScheduleCallState> calls = without(schedule, run, ofError);
        calls.add(new ScheduleCallState(
                run,
                ofError,
                attempt,
                dueAt,
                false,
                until(schedule.getDefinition(), now).plus(CARRYING_OUT)));
        return calls;
    }

    /** Returns the calls when one has ended. @param retryAt null where it is not tried again */
    static List<ScheduleCallState> ended(Schedule.Builder schedule, ScheduleCallEnded ended) {
        List<ScheduleCallState> calls = without(schedule, ended.getRun(), ended.getOfError());
        if (ended.getRetryAt() != null) {
            calls.add(new ScheduleCallState(
                    ended.getRun(),
                    ended.getOfError(),
                    ended.getAttempt(),
                    dueAt(schedule, ended.getRun(), ended.getOfError()),
                    true,
                    ended.getRetryAt()));
        }
        return calls;
    }

    /** Returns the calls that go on where the definition changes: those of actions that still are calls. */
    static List<ScheduleCallState> kept(Schedule schedule, ScheduleDefinition definition) {
        return schedule.getCalls().stream()
                .filter(call -> isCall(call.getOfError() ? definition.getErrorAction() : definition.getAction()))
                .toList();
    }

    /** Returns when the firing was due that a call is of. */
    static Instant dueAt(Schedule.Builder schedule, String run, boolean ofError) {
        return schedule.getCalls().stream()
                .filter(call -> call.getRun().equals(run) && call.getOfError() == ofError)
                .map(ScheduleCallState::getDueAt)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no such call, run=" + run));
    }

    private static List<ScheduleCallState> without(Schedule.Builder schedule, String run, boolean ofError) {
        List<ScheduleCallState> calls = new ArrayList<>(schedule.getCalls());
        calls.removeIf(call -> call.getRun().equals(run) && call.getOfError() == ofError);
        return calls;
    }

    private static Instant until(ScheduleDefinition definition, Instant now) {
        Duration tolerance = Duration.ofSeconds(definition.getToleranceSeconds());
        return now.plus(tolerance.compareTo(SHORTEST_LIFE) > 0 ? tolerance : SHORTEST_LIFE);
    }

    /** Returns the order to carry out a call. @param request null where the schedule has no such action any more */
    static Optional<ScheduleCall> order(Schedule after, String run, boolean ofError, Instant now) {
        ScheduleDefinition definition = after.getDefinition();
        @Nullable Object request = ofError ? definition.getErrorAction() : definition.getAction();
        return find(after, run, ofError)
                .filter(_ -> isCall(request))
                .map(call -> new ScheduleCall(
                        after.getScheduleId(),
                        run,
                        ofError,
                        call.getAttempt(),
                        call.getDueAt(),
                        until(definition, now),
                        request));
    }
}
