package io.muster.planner.work;

import io.muster.planner.state.Retry;
import io.muster.records.FailureKind;
import io.muster.records.FailureReason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Lists states, inputs and terms from which tests of the decider are made. */
final class WorkCases {
    static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");
    static final Link LINK = new Link(3, "run", 7);
    static final Link NEWER = new Link(4, "run", 9);
    static final Duration ANSWER = Duration.ofSeconds(30);
    static final int LATEST = 2;
    static final Work.Reply REPLY = new Work.Reply(200, "1");
    static final Work.Reply BAD = new Work.Reply(500, "2");

    private WorkCases() {}

    /** Returns the terms of a job that waits for its devices as long as it lives, and tries again after each kind of failure, once. */
    static Terms retrying() {
        return terms(
                Terms.JobState.UNDER_WAY,
                Optional.empty(),
                Stream.of(FailureKind.values())
                        .map(kind -> new Retry(kind.name(), 1, 10, 60, 0.0))
                        .toList());
    }

    /** Returns the terms of a job without retries, whose devices have 10 seconds to connect. */
    static Terms plain() {
        return terms(Terms.JobState.UNDER_WAY, Optional.of(Duration.ofSeconds(10)), List.of());
    }

    static Terms cancelled() {
        return terms(Terms.JobState.CANCELLED, Optional.empty(), List.of());
    }

    static Terms expired() {
        return terms(Terms.JobState.EXPIRED, Optional.empty(), List.of());
    }

    /** Returns the terms of an invocation that does not wait for its device. */
    static Terms impatient() {
        return terms(Terms.JobState.UNDER_WAY, Optional.of(Duration.ZERO), List.of());
    }

    static Terms terms(Terms.JobState job, Optional<Duration> patience, List<Retry> retries) {
        return new Terms("d", job, patience, ANSWER, retries, false);
    }

    static Map<String, Terms> allTerms() {
        Map<String, Terms> all = new LinkedHashMap<>();
        all.put("with retries", retrying());
        all.put("", plain());
        all.put("cancelled", cancelled());
        all.put("expired", expired());
        all.put("impatient", impatient());
        return all;
    }

    static Work waiting() {
        return new Work.Waiting(new Attempts(LATEST, List.of()), Optional.of(NOW));
    }

    static Work running() {
        return new Work.Running(new Attempts(LATEST, List.of()), LINK, NOW);
    }

    static Work backingOff() {
        return new Work.BackingOff(new Attempts(LATEST, List.of(FailureKind.NO_ANSWER)), NOW);
    }

    static List<Work> states() {
        return List.of(
                new Work.New(),
                new Work.Listed(),
                waiting(),
                running(),
                backingOff(),
                new Work.Ended(new Work.Outcome.Cancelled()));
    }

    static List<WorkInput> inputs() {
        List<WorkInput> inputs = new ArrayList<>(List.of(
                new WorkInput.Enlist(),
                new WorkInput.Begin(Optional.empty()),
                new WorkInput.Begin(Optional.of(LINK)),
                new WorkInput.Apply(Optional.empty()),
                new WorkInput.Apply(Optional.of(new Work.Outcome.Failed(FailureReason.TOO_LARGE, "too large"))),
                new WorkInput.DeviceReady(NEWER)));
        for (int attempt : new int[] {LATEST - 1, LATEST}) {
            inputs.add(new WorkInput.Answered(attempt, new Answer.Done(REPLY)));
            inputs.add(new WorkInput.Answered(attempt, new Answer.ErrorStatus(BAD)));
            inputs.add(new WorkInput.Answered(attempt, new Answer.Invalid("no JSON")));
            inputs.add(new WorkInput.Undelivered(attempt, false, false));
            inputs.add(new WorkInput.Undelivered(attempt, true, false));
            inputs.add(new WorkInput.Undelivered(attempt, false, true));
            inputs.add(new WorkInput.Unanswered(attempt));
        }
        inputs.addAll(List.of(
                new WorkInput.Due(false),
                new WorkInput.Due(true),
                new WorkInput.Cancel(),
                new WorkInput.Expire(),
                new WorkInput.RemoveDevice()));
        return inputs;
    }
}
