package io.muster.planner.schedule;

import io.muster.records.CallEndpoint;
import io.muster.records.ReportScheduleCall;
import io.muster.records.RetryPolicy;
import io.muster.records.RunSiteJob;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCallEnded;
import io.muster.records.ScheduleCallRepeated;
import io.muster.records.ScheduleCallRetried;
import io.muster.records.ScheduleCallState;
import io.muster.records.ScheduleDefinition;
import io.muster.records.WriteMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides about the calls of a schedule: those of endpoints, messages to topics, and runs of WebJobs, which their sites begin or refuse. One is carried out at a
 * time; those that failed wait for their retries. Contract: webjobs-and-schedules, 2.9.
 *
 * <pre>
 * (none)       --firing---------> carried out (attempt 0)
 * carried out  --succeeded------> (none)
 * carried out  --failed---------> waits, while its policy has retries; else (none), and the error action is ordered
 * carried out  --no report------> carried out, its order repeated; failed behind the last repetition
 * waits        --due------------> carried out (attempt + 1), once no other is; failed where its writer may not do it any more
 * </pre>
 *
 * <p>A report may be late: it waits behind a broker or a planner that was away. So silence alone fails no call: its order is repeated, with the end that it had. Whoever
 * carries it out begins nothing behind that end, and answers; and that answer comes behind the report that is late, which counts then. One that never answers,
 * such as a program of an older version that can't read the order, fails the call behind the last repetition.
 */
final class CallDecider {
    static final int MOST_WAITING = 20;

    /** Bounds the repetitions of an order. The pause behind each is twice the one before: it has failed after half an hour. */
    static final int MOST_REPEATS = 4;

    /** Lasts from when nobody may begin a call any more until it should have been reported. */
    private static final Duration CARRYING_OUT = Duration.ofMinutes(1);

    private static final Duration SHORTEST_LIFE = Duration.ofMinutes(1);

    private CallDecider() {}

    /** Returns whether an action is carried out by a call, whose end is reported. */
    static boolean isCall(@Nullable Object action) {
        return action instanceof RunSiteJob || isOutside(action);
    }

    /** Returns whether an action reaches out, and goes by nobody's rights. */
    static boolean isOutside(@Nullable Object action) {
        return action instanceof CallEndpoint || action instanceof WriteMessage;
    }

    private static @Nullable Object action(ScheduleDefinition definition, boolean ofError) {
        return ofError ? definition.getErrorAction() : definition.getAction();
    }

    /** Returns why an action is withheld; empty where it is not. What reaches out goes by nobody's rights. */
    static Optional<String> withheld(Schedule schedule, boolean ofError) {
        return isOutside(action(schedule.getDefinition(), ofError))
                ? Optional.empty()
                : Optional.ofNullable(schedule.getWithheld());
    }

    /** Returns whether a firing finds a call that is carried out, or too many that wait. */
    static boolean isBusy(Schedule schedule) {
        return isCall(schedule.getDefinition().getAction())
                && (schedule.getCalls().size() >= MOST_WAITING || isCarriedOut(schedule));
    }

    private static boolean isCarriedOut(Schedule schedule) {
        return schedule.getCalls().stream().anyMatch(call -> !call.getWaits());
    }

    /** Returns a call that is under way. */
    static Optional<ScheduleCallState> find(Schedule schedule, String run, boolean ofError) {
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
        Optional<String> withheld = orders ? withheld(schedule, true) : Optional.empty();
        return new ScheduleCallEnded(
                report.getRun(),
                report.getOfError(),
                report.getAttempt(),
                report.getStartedAt(),
                report.getEndedAt(),
                report.getSucceeded(),
                report.getMessage()
                        + withheld.map(why -> " Its error action fails: " + why).orElse(""),
                retries ? report.getEndedAt().plusSeconds(policy.getIntervalSeconds()) : null,
                orders && withheld.isEmpty());
    }

    /** Decides about a call whose time has come; empty where it has not. */
    static Optional<Object> due(Schedule schedule, ScheduleInput.CallDue input, Instant now) {
        return find(schedule, input.run(), input.ofError())
                .filter(call -> !call.getAt().isAfter(now))
                .flatMap(call -> {
                    if (!call.getWaits()) {
                        return Optional.of(unreported(schedule, call, now));
                    }
                    return isCarriedOut(schedule) || isOff(schedule)
                            ? Optional.empty()
                            : Optional.of(again(schedule, call, now));
                });
    }

    /** Returns whether retries wait: its definition is off, or its collection's. One that fires no more may have retries still. */
    private static boolean isOff(Schedule schedule) {
        return !schedule.getDefinition().getEnabled()
                || schedule.getDefinition().getSuspended();
    }

    private static Object unreported(Schedule schedule, ScheduleCallState call, Instant now) {
        return call.getRepeats() < MOST_REPEATS
                ? new ScheduleCallRepeated(call.getRun(), call.getOfError(), call.getAttempt())
                : ended(schedule, failed(call, call.getAttempt(), silent(schedule, call.getOfError()), now));
    }

    private static Object again(Schedule schedule, ScheduleCallState call, Instant now) {
        int attempt = call.getAttempt() + 1;
        return withheld(schedule, call.getOfError())
                .<Object>map(why -> ended(schedule, failed(call, attempt, why, now)))
                .orElseGet(() -> new ScheduleCallRetried(call.getRun(), call.getOfError(), attempt));
    }

    private static String silent(Schedule schedule, boolean ofError) {
        return isOutside(action(schedule.getDefinition(), ofError))
                ? "The stream processor has not said what became of it: see whether it runs."
                : "Its site has not said what became of it: see whether the planner runs, and in the WebJob's history "
                        + "whether a run began.";
    }

    private static ReportScheduleCall failed(ScheduleCallState call, int attempt, String why, Instant now) {
        return new ReportScheduleCall(call.getRun(), call.getOfError(), attempt, now, now, false, why);
    }

    /** Returns when a call becomes an input of itself. */
    static Optional<Instant> due(Schedule schedule) {
        boolean none = !isCarriedOut(schedule) && !isOff(schedule);
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
        Instant until = until(schedule.getDefinition(), now);
        List<ScheduleCallState> calls = without(schedule, run, ofError);
        calls.add(new ScheduleCallState(run, ofError, attempt, dueAt, false, until.plus(CARRYING_OUT), until, 0));
        return calls;
    }

    /** Returns the calls when the order of one was repeated. */
    static List<ScheduleCallState> repeated(Schedule.Builder schedule, ScheduleCallRepeated repeated, Instant now) {
        return schedule.getCalls().stream()
                .map(call -> !call.getRun().equals(repeated.getRun()) || call.getOfError() != repeated.getOfError()
                        ? call
                        : ScheduleCallState.newBuilder(call)
                                .setUntil(until(call))
                                .setRepeats(call.getRepeats() + 1)
                                .setAt(now.plus(CARRYING_OUT.multipliedBy(2L << call.getRepeats())))
                                .build())
                .toList();
    }

    /** Returns until when a call that is carried out may be begun. */
    private static Instant until(ScheduleCallState call) {
        return call.getUntil() == null ? call.getAt().minus(CARRYING_OUT) : call.getUntil();
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
                    ended.getRetryAt(),
                    null,
                    0));
        }
        return calls;
    }

    /** Returns the calls that go on where the definition changes: those of actions that still are calls. */
    static List<ScheduleCallState> kept(Schedule schedule, ScheduleDefinition definition) {
        return schedule.getCalls().stream()
                .filter(call -> isCall(action(definition, call.getOfError())))
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

    /** Returns until when an order that is given now may be carried out. */
    static Instant until(ScheduleDefinition definition, Instant now) {
        Duration tolerance = Duration.ofSeconds(definition.getToleranceSeconds());
        return now.plus(tolerance.compareTo(SHORTEST_LIFE) > 0 ? tolerance : SHORTEST_LIFE);
    }

    /** Returns the order to carry out a call; empty where the schedule has no such action any more. */
    static Optional<CallOrder> order(Schedule after, String run, boolean ofError) {
        ScheduleDefinition definition = after.getDefinition();
        @Nullable Object action = action(definition, ofError);
        return find(after, run, ofError)
                .filter(_ -> isCall(action))
                .map(call -> new CallOrder(
                        after.getScheduleId(),
                        run,
                        ofError,
                        call.getAttempt(),
                        call.getDueAt(),
                        until(call),
                        Objects.requireNonNull(action)));
    }
}
