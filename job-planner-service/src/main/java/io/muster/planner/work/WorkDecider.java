package io.muster.planner.work;

import io.muster.planner.fleet.Refusals;
import io.muster.planner.state.Retry;
import io.muster.planner.work.Work.Outcome;
import io.muster.records.FailureKind;
import io.muster.records.FailureReason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Decides on the life of a job's work on one device, and of a direct invocation: it waits, it is handed to the gateway that holds the device as an
 * attempt with a number, and it ends once. Reports about another attempt than the latest say nothing. States, inputs and events are drawn in
 * docs/device-work.md. Contract: iot-hub, 2.3; ARCHITECTURE, "Device work, end to end".
 */
public final class WorkDecider {
    /** Sets how long a gateway is waited for before it is asked about again. */
    static final Duration ASK_AGAIN = Duration.ofMillis(500);

    private static final int OK = 200;
    private static final int REDIRECTION = 300;
    /** Bounds what a failure shows of a device's answer. */
    private static final int LONGEST_SHOWN = 500;

    private static final Outcome NOT_CONNECTED =
            new Outcome.Failed(FailureReason.NOT_CONNECTED, "Timed out waiting for device to connect.");
    private static final Outcome NO_ANSWER =
            new Outcome.Failed(FailureReason.NO_ANSWER, "Timed out waiting for the response from device.");
    private static final Outcome OUT_OF_TIME =
            new Outcome.Failed(FailureReason.OUT_OF_TIME, "The job's time was over before the device's turn came.");

    private WorkDecider() {}

    /** Decides what comes of an input; nothing where it says nothing in that state. */
    public static WorkDecision decide(Terms terms, Work work, WorkInput input, Instant now) {
        return switch (work) {
            case Work.New _ -> ofTarget(terms, true, input, now);
            case Work.Listed _ -> ofTarget(terms, false, input, now);
            case Work.Waiting waiting -> ofWaiting(terms, waiting, input, now);
            case Work.Running running -> ofRunning(terms, running, input, now);
            case Work.BackingOff backingOff -> ofBackingOff(terms, backingOff, input, now);
            case Work.Ended _ -> WorkDecision.NOTHING;
        };
    }

    /** Returns the state after the event. It may not refuse: the event has happened. */
    public static Work evolve(Work work, WorkEvent event) {
        Attempts attempts = attempts(work);
        return switch (event) {
            case WorkEvent.Enlisted _ -> new Work.Listed();
            case WorkEvent.Awaited(Optional<Instant> until) -> new Work.Waiting(attempts, until);
            case WorkEvent.Delivered(int _, Link link, Instant until) ->
                new Work.Running(attempts.delivered(), link, until);
            case WorkEvent.Returned(int _, Optional<Instant> until) -> new Work.Waiting(attempts, until);
            case WorkEvent.RetryScheduled(FailureKind failure, Instant at) ->
                new Work.BackingOff(attempts.failed(failure), at);
            case WorkEvent.RetryBegun(Optional<Instant> until) -> new Work.Waiting(attempts, until);
            case WorkEvent.HasEnded(Outcome outcome) -> new Work.Ended(outcome);
        };
    }

    static Attempts attempts(Work work) {
        return switch (work) {
            case Work.New _, Work.Listed _, Work.Ended _ -> Attempts.NONE;
            case Work.Waiting waiting -> waiting.attempts();
            case Work.Running running -> running.attempts();
            case Work.BackingOff backingOff -> backingOff.attempts();
        };
    }

    private static WorkDecision ofTarget(Terms terms, boolean isNew, WorkInput input, Instant now) {
        return switch (input) {
            case WorkInput.Enlist _ when isNew -> WorkDecision.of(new WorkEvent.Enlisted());
            case WorkInput.Begin(Optional<Link> link)
            when link.isPresent() -> deliver(terms, Attempts.NONE, link.get(), now);
            case WorkInput.Begin _ ->
                terms.waits() ? WorkDecision.of(new WorkEvent.Awaited(terms.patienceEnds(now))) : ended(NOT_CONNECTED);
            case WorkInput.Apply(Optional<Outcome.Failed> failure) ->
                ended(failure.<Outcome>map(failed -> failed).orElseGet(() -> new Outcome.Completed(null)));
            case WorkInput.Cancel _ -> ended(new Outcome.Cancelled());
            case WorkInput.Expire _ -> ended(OUT_OF_TIME);
            case WorkInput.RemoveDevice _ -> ended(removed(terms));
            case WorkInput.Enlist _,
                    WorkInput.DeviceReady _,
                    WorkInput.Answered _,
                    WorkInput.Undelivered _,
                    WorkInput.Unanswered _,
                    WorkInput.Due _ -> WorkDecision.NOTHING;
        };
    }

    private static WorkDecision ofWaiting(Terms terms, Work.Waiting waiting, WorkInput input, Instant now) {
        return switch (input) {
            case WorkInput.Due _
            when !waiting.until().filter(until -> isDue(until, now)).isPresent() -> WorkDecision.NOTHING;
            case WorkInput.DeviceReady(Link link)
            when terms.isUnderWay() -> deliver(terms, waiting.attempts(), link, now);
            case WorkInput.Due _
            when terms.isUnderWay() ->
                tryAgain(terms, waiting.attempts(), FailureKind.NOT_ONLINE, now).orElseGet(() -> ended(NOT_CONNECTED));
            case WorkInput.Due _ -> ended(notBegun(terms));
            case WorkInput.Cancel _ -> ended(new Outcome.Cancelled());
            case WorkInput.Expire _ -> ended(NOT_CONNECTED);
            case WorkInput.RemoveDevice _ -> ended(removed(terms));
            case WorkInput.Enlist _,
                    WorkInput.Begin _,
                    WorkInput.Apply _,
                    WorkInput.DeviceReady _,
                    WorkInput.Answered _,
                    WorkInput.Undelivered _,
                    WorkInput.Unanswered _ -> WorkDecision.NOTHING;
        };
    }

    private static WorkDecision ofRunning(Terms terms, Work.Running running, WorkInput input, Instant now) {
        int latest = running.attempts().count();
        return switch (input) {
            case WorkInput.Answered(int attempt, Answer answer)
            when attempt == latest -> handingOverNext(answered(terms, running, answer, now));
            case WorkInput.Undelivered undelivered
            when undelivered.attempt() == latest -> undelivered(terms, undelivered, now);
            case WorkInput.Unanswered(int attempt) when attempt == latest -> timeOver(terms, running, now);
            case WorkInput.Due _ when !isDue(running.until(), now) -> WorkDecision.NOTHING;
            case WorkInput.Due(boolean awaited) ->
                awaited ? WorkDecision.of(new Effect.AskAgain(now.plus(ASK_AGAIN))) : timeOver(terms, running, now);
            case WorkInput.Expire _ -> ended(NO_ANSWER);
            case WorkInput.RemoveDevice _ -> ended(removed(terms));
            case WorkInput.Enlist _,
                    WorkInput.Begin _,
                    WorkInput.Apply _,
                    WorkInput.DeviceReady _,
                    WorkInput.Answered _,
                    WorkInput.Undelivered _,
                    WorkInput.Unanswered _,
                    WorkInput.Cancel _ -> WorkDecision.NOTHING;
        };
    }

    private static WorkDecision ofBackingOff(Terms terms, Work.BackingOff backingOff, WorkInput input, Instant now) {
        return switch (input) {
            case WorkInput.Due _ when !isDue(backingOff.until(), now) -> WorkDecision.NOTHING;
            case WorkInput.Due _
            when terms.isUnderWay() ->
                handingOverNext(WorkDecision.of(new WorkEvent.RetryBegun(terms.patienceEnds(now))));
            case WorkInput.Due _ -> ended(notBegun(terms));
            case WorkInput.Cancel _ -> ended(new Outcome.Cancelled());
            case WorkInput.Expire _ -> ended(NOT_CONNECTED);
            case WorkInput.RemoveDevice _ -> ended(removed(terms));
            case WorkInput.Enlist _,
                    WorkInput.Begin _,
                    WorkInput.Apply _,
                    WorkInput.DeviceReady _,
                    WorkInput.Answered _,
                    WorkInput.Undelivered _,
                    WorkInput.Unanswered _ -> WorkDecision.NOTHING;
        };
    }

    private static boolean isDue(Instant until, Instant now) {
        return !now.isBefore(until);
    }

    private static WorkDecision deliver(Terms terms, Attempts attempts, Link link, Instant now) {
        int attempt = attempts.count() + 1;
        Instant until = now.plus(terms.answerTime());
        return WorkDecision.of(new WorkEvent.Delivered(attempt, link, until), new Effect.Deliver(attempt, link, until));
    }

    private static WorkDecision answered(Terms terms, Work.Running running, Answer answer, Instant now) {
        return switch (answer) {
            case Answer.Done(Work.Reply reply) -> ended(outcome(terms, reply));
            case Answer.ErrorStatus(Work.Reply reply) ->
                tryAgain(terms, running.attempts(), FailureKind.ERROR_STATUS, now)
                        .orElseGet(() -> ended(outcome(terms, reply)));
            case Answer.Invalid(String detail) ->
                tryAgain(terms, running.attempts(), FailureKind.INVALID_RESPONSE, now)
                        .orElseGet(() -> ended(new Outcome.Failed(FailureReason.INVALID_ANSWER, detail)));
        };
    }

    private static Outcome outcome(Terms terms, Work.Reply reply) {
        boolean isGood = reply.status() >= OK && reply.status() < REDIRECTION;
        String payload = reply.payload();
        return isGood || !terms.errorStatusFails()
                ? new Outcome.Completed(reply)
                : new Outcome.Failed(
                        FailureReason.REFUSED_BY_DEVICE,
                        "The device answered with status " + reply.status() + ": "
                                + payload.substring(0, Math.min(payload.length(), LONGEST_SHOWN)));
    }

    private static WorkDecision undelivered(Terms terms, WorkInput.Undelivered report, Instant now) {
        if (terms.isUnderWay() && terms.waits()) {
            WorkDecision returned = WorkDecision.of(new WorkEvent.Returned(report.attempt(), terms.patienceEnds(now)));
            return report.expired() || report.reconnected() ? handingOverNext(returned) : returned;
        }
        if (terms.job() == Terms.JobState.CANCELLED) {
            return ended(new Outcome.Cancelled());
        }
        return ended(report.expired() || !terms.isUnderWay() ? NO_ANSWER : NOT_CONNECTED);
    }

    private static WorkDecision timeOver(Terms terms, Work.Running running, Instant now) {
        return handingOverNext(
                tryAgain(terms, running.attempts(), FailureKind.NO_ANSWER, now).orElseGet(() -> ended(NO_ANSWER)));
    }

    private static Optional<WorkDecision> tryAgain(Terms terms, Attempts attempts, FailureKind kind, Instant now) {
        Optional<Retry> rule = terms.isUnderWay() ? terms.retry(attempts, kind) : Optional.empty();
        return rule.map(retry ->
                WorkDecision.of(new WorkEvent.RetryScheduled(kind, now.plus(terms.backoff(attempts, kind, retry)))));
    }

    private static WorkDecision ended(Outcome outcome) {
        return WorkDecision.of(new WorkEvent.HasEnded(outcome));
    }

    private static WorkDecision handingOverNext(WorkDecision decision) {
        return new WorkDecision(decision.event(), List.of(new Effect.HandOverNext()));
    }

    /** Returns how work ends that was not handed to a device and whose job has ended. */
    private static Outcome notBegun(Terms terms) {
        return terms.job() == Terms.JobState.CANCELLED ? new Outcome.Cancelled() : NOT_CONNECTED;
    }

    private static Outcome removed(Terms terms) {
        return new Outcome.Failed(
                FailureReason.DEVICE_REMOVED,
                Refusals.notFound(terms.deviceId()).getMessage());
    }
}
