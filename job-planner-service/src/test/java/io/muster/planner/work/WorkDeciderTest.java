package io.muster.planner.work;

import static io.muster.planner.work.WorkCases.ANSWER;
import static io.muster.planner.work.WorkCases.BAD;
import static io.muster.planner.work.WorkCases.LATEST;
import static io.muster.planner.work.WorkCases.LINK;
import static io.muster.planner.work.WorkCases.NEWER;
import static io.muster.planner.work.WorkCases.NOW;
import static io.muster.planner.work.WorkCases.REPLY;
import static io.muster.planner.work.WorkCases.cancelled;
import static io.muster.planner.work.WorkCases.expired;
import static io.muster.planner.work.WorkCases.impatient;
import static io.muster.planner.work.WorkCases.plain;
import static io.muster.planner.work.WorkCases.retrying;
import static io.muster.planner.work.WorkCases.running;
import static io.muster.planner.work.WorkCases.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.state.Retry;
import io.muster.planner.work.Work.Outcome;
import io.muster.records.DeviceJobStatus;
import io.muster.records.FailureKind;
import io.muster.records.FailureReason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists a state, an input, and the decision; a pair that stands in no row changes nothing. */
class WorkDeciderTest {
    private static final Effect NEXT = new Effect.HandOverNext();
    private static final Instant TEN = NOW.plusSeconds(10);
    private static final Work NEW = new Work.New();
    private static final Work LISTED = new Work.Listed();

    private record Row(String name, Terms terms, Work work, WorkInput input, WorkDecision decision) {}

    private static final List<Row> ROWS = rows();

    private static void row(
            List<Row> rows, String name, Terms terms, Work work, WorkInput input, WorkEvent event, Effect... effects) {
        rows.add(new Row(name, terms, work, input, WorkDecision.of(event, effects)));
    }

    private static WorkEvent failed(FailureReason reason, String detail) {
        return new WorkEvent.HasEnded(new Outcome.Failed(reason, detail));
    }

    private static WorkEvent notConnected() {
        return failed(FailureReason.NOT_CONNECTED, "Timed out waiting for device to connect.");
    }

    private static WorkEvent noAnswer() {
        return failed(FailureReason.NO_ANSWER, "Timed out waiting for the response from device.");
    }

    private static WorkEvent isCancelled() {
        return new WorkEvent.HasEnded(new Outcome.Cancelled());
    }

    private static WorkEvent completed(Work.Reply reply) {
        return new WorkEvent.HasEnded(new Outcome.Completed(reply));
    }

    private static WorkEvent retry(FailureKind kind, Instant at) {
        return new WorkEvent.RetryScheduled(kind, at);
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        WorkEvent first = new WorkEvent.Delivered(1, LINK, NOW.plus(ANSWER));
        Effect toDevice = new Effect.Deliver(1, LINK, NOW.plus(ANSWER));
        row(rows, "waits for its turn", plain(), NEW, new WorkInput.Enlist(), new WorkEvent.Enlisted());
        for (Work target : List.of(NEW, LISTED)) {
            WorkInput begin = new WorkInput.Begin(Optional.of(LINK));
            WorkInput away = new WorkInput.Begin(Optional.empty());
            row(rows, "is handed over at once", plain(), target, begin, first, toDevice);
            row(rows, "waits for its device", plain(), target, away, new WorkEvent.Awaited(Optional.of(TEN)));
            row(rows, "waits while its job lives", retrying(), target, away, new WorkEvent.Awaited(Optional.empty()));
            row(rows, "does not wait at all", impatient(), target, away, notConnected());
            row(rows, "is applied", plain(), target, new WorkInput.Apply(Optional.empty()), completed());
            row(
                    rows,
                    "is refused by the twin",
                    plain(),
                    target,
                    new WorkInput.Apply(Optional.of(new Outcome.Failed(FailureReason.TOO_LARGE, "x"))),
                    failed(FailureReason.TOO_LARGE, "x"));
            row(rows, "is cancelled", cancelled(), target, new WorkInput.Cancel(), isCancelled());
            row(
                    rows,
                    "is out of time",
                    expired(),
                    target,
                    new WorkInput.Expire(),
                    failed(FailureReason.OUT_OF_TIME, "The job's time was over before the device's turn came."));
            row(rows, "loses its device", plain(), target, new WorkInput.RemoveDevice(), removed());
        }
        Instant answerBy = NOW.plus(ANSWER);
        row(
                rows,
                "is handed over when its device is ready",
                plain(),
                waiting(),
                new WorkInput.DeviceReady(NEWER),
                new WorkEvent.Delivered(LATEST + 1, NEWER, answerBy),
                new Effect.Deliver(LATEST + 1, NEWER, answerBy));
        WorkInput due = new WorkInput.Due(false);
        row(rows, "waited long enough", plain(), waiting(), due, notConnected());
        row(rows, "waits anew", retrying(), waiting(), due, retry(FailureKind.NOT_ONLINE, TEN));
        row(rows, "waits for a cancelled job", cancelled(), waiting(), due, isCancelled());
        row(rows, "waits for an expired job", expired(), waiting(), due, notConnected());
        for (Work idle : List.of(waiting(), WorkCases.backingOff())) {
            row(rows, "is cancelled", cancelled(), idle, new WorkInput.Cancel(), isCancelled());
            row(rows, "is out of time", expired(), idle, new WorkInput.Expire(), notConnected());
            row(rows, "loses its device", plain(), idle, new WorkInput.RemoveDevice(), removed());
        }
        WorkInput error = answered(new Answer.ErrorStatus(BAD));
        WorkInput odd = answered(new Answer.Invalid("no JSON"));
        row(rows, "is done", plain(), running(), answered(new Answer.Done(REPLY)), completed(REPLY), NEXT);
        row(
                rows,
                "is done though cancelled",
                cancelled(),
                running(),
                answered(new Answer.Done(REPLY)),
                completed(REPLY),
                NEXT);
        row(rows, "counts an error as done", plain(), running(), error, completed(BAD), NEXT);
        row(
                rows,
                "tries again after an error",
                retrying(),
                running(),
                error,
                retry(FailureKind.ERROR_STATUS, TEN),
                NEXT);
        row(
                rows,
                "fails for the answer",
                plain(),
                running(),
                odd,
                failed(FailureReason.INVALID_ANSWER, "no JSON"),
                NEXT);
        row(
                rows,
                "tries again for the answer",
                retrying(),
                running(),
                odd,
                retry(FailureKind.INVALID_RESPONSE, TEN),
                NEXT);
        WorkInput undelivered = new WorkInput.Undelivered(LATEST, false, false);
        WorkInput late = new WorkInput.Undelivered(LATEST, true, false);
        WorkInput reconnected = new WorkInput.Undelivered(LATEST, false, true);
        WorkEvent returned = new WorkEvent.Returned(LATEST, Optional.of(TEN));
        row(rows, "comes back", plain(), running(), undelivered, returned);
        row(rows, "comes back while its device is there", plain(), running(), late, returned, NEXT);
        row(rows, "comes back to a newer connection", plain(), running(), reconnected, returned, NEXT);
        row(rows, "comes back without patience", impatient(), running(), undelivered, notConnected());
        row(rows, "comes back too late", impatient(), running(), late, noAnswer());
        row(rows, "comes back to a cancelled job", cancelled(), running(), undelivered, isCancelled());
        row(rows, "comes back to an expired job", expired(), running(), undelivered, noAnswer());
        for (WorkInput silent : List.of(new WorkInput.Unanswered(LATEST), due)) {
            row(rows, "was not answered", plain(), running(), silent, noAnswer(), NEXT);
            row(rows, "asks again", retrying(), running(), silent, retry(FailureKind.NO_ANSWER, TEN), NEXT);
            row(rows, "was not answered though cancelled", cancelled(), running(), silent, noAnswer(), NEXT);
        }
        rows.add(new Row(
                "its gateway will report",
                plain(),
                running(),
                new WorkInput.Due(true),
                WorkDecision.of(new Effect.AskAgain(NOW.plus(WorkDecider.ASK_AGAIN)))));
        row(rows, "is out of time", expired(), running(), new WorkInput.Expire(), noAnswer());
        row(rows, "loses its device", plain(), running(), new WorkInput.RemoveDevice(), removed());
        Work off = WorkCases.backingOff();
        row(rows, "is tried again", retrying(), off, due, new WorkEvent.RetryBegun(Optional.empty()), NEXT);
        row(rows, "backs off for a cancelled job", cancelled(), off, due, isCancelled());
        row(rows, "backs off for an expired job", expired(), off, due, notConnected());
        return rows;
    }

    private static WorkInput answered(Answer answer) {
        return new WorkInput.Answered(LATEST, answer);
    }

    private static WorkEvent completed() {
        return new WorkEvent.HasEnded(new Outcome.Completed(null));
    }

    private static WorkEvent removed() {
        return failed(FailureReason.DEVICE_REMOVED, "There is no device d.");
    }

    @TestFactory
    List<DynamicTest> decides() {
        return ROWS.stream()
                .map(row -> DynamicTest.dynamicTest(
                        row.work.getClass().getSimpleName() + " " + row.name,
                        () -> assertThat(WorkDecider.decide(row.terms, row.work, row.input, NOW))
                                .isEqualTo(row.decision)))
                .toList();
    }

    /** Changes nothing by kinds of inputs that do not stand in a row of the state. */
    @Test
    void changesNothingByOtherInputs() {
        for (Terms terms : WorkCases.allTerms().values()) {
            for (Work work : WorkCases.states()) {
                for (WorkInput input : WorkCases.inputs()) {
                    boolean isInARow = ROWS.stream()
                            .anyMatch(row ->
                                    row.work.getClass() == work.getClass() && row.input.getClass() == input.getClass());
                    if (!isInARow) {
                        assertThat(WorkDecider.decide(terms, work, input, NOW))
                                .as("%s %s %s", terms, work, input)
                                .isEqualTo(WorkDecision.NOTHING);
                    }
                }
            }
        }
    }

    @Test
    void ignoresReportsOfEarlierAttempts() {
        for (WorkInput input : WorkCases.inputs()) {
            boolean isOfEarlier = switch (input) {
                case WorkInput.Answered answered -> answered.attempt() != LATEST;
                case WorkInput.Undelivered undelivered -> undelivered.attempt() != LATEST;
                case WorkInput.Unanswered unanswered -> unanswered.attempt() != LATEST;
                default -> false;
            };
            if (isOfEarlier) {
                assertThat(WorkDecider.decide(retrying(), running(), input, NOW))
                        .isEqualTo(WorkDecision.NOTHING);
            }
        }
    }

    @Test
    void ignoresATimerThatComesTooEarly() {
        Instant early = NOW.minusMillis(1);
        for (Work work : List.of(waiting(), running(), WorkCases.backingOff())) {
            assertThat(WorkDecider.decide(plain(), work, new WorkInput.Due(false), early))
                    .isEqualTo(WorkDecision.NOTHING);
        }
        assertThat(WorkDecider.decide(
                        plain(), new Work.Waiting(Attempts.NONE, Optional.empty()), new WorkInput.Due(false), NOW))
                .isEqualTo(WorkDecision.NOTHING);
    }

    @Test
    void deliversNothingOfAJobThatHasEnded() {
        for (Terms terms : List.of(cancelled(), expired())) {
            assertThat(WorkDecider.decide(terms, waiting(), new WorkInput.DeviceReady(LINK), NOW))
                    .isEqualTo(WorkDecision.NOTHING);
        }
    }

    @Test
    void retriesUpToTheLimitOfEachKind() {
        Terms twice = WorkCases.terms(
                Terms.JobState.UNDER_WAY,
                Optional.empty(),
                List.of(new Retry("NO_ANSWER", 2, 10, 15, 0.0), new Retry("NOT_ONLINE", 1, 1, 1, 0.0)));
        Work work = running();
        Instant now = NOW;
        List<Duration> waits = new ArrayList<>();
        for (int attempt = LATEST; !(work instanceof Work.Ended); attempt++) {
            work = after(twice, work, new WorkInput.Unanswered(attempt), now);
            if (work instanceof Work.BackingOff(Attempts _, Instant until)) {
                waits.add(Duration.between(now, until));
                now = until;
                work = after(twice, work, new WorkInput.Due(false), now);
                work = after(twice, work, new WorkInput.DeviceReady(LINK), now);
            }
        }
        assertThat(waits).containsExactly(Duration.ofSeconds(10), Duration.ofSeconds(15));
    }

    @Test
    void variesBackOffsBetweenDevicesAndNotBetweenTimes() {
        Retry rule = new Retry("NO_ANSWER", 1, 100, 300, 0.2);
        List<Duration> waits = new ArrayList<>();
        for (String device : List.of("a", "b", "c", "a")) {
            Terms terms = new Terms(device, Terms.JobState.UNDER_WAY, Optional.empty(), ANSWER, List.of(rule), false);
            waits.add(terms.backoff(new Attempts(1, List.of()), FailureKind.NO_ANSWER, rule));
        }
        assertThat(waits)
                .allSatisfy(wait -> assertThat(wait).isBetween(Duration.ofSeconds(80), Duration.ofSeconds(120)));
        assertThat(waits.get(3)).isEqualTo(waits.get(0));
        assertThat(waits.subList(0, 3)).doesNotHaveDuplicates();
    }

    private static Work after(Terms terms, Work work, WorkInput input, Instant now) {
        return WorkDecider.evolve(
                work, WorkDecider.decide(terms, work, input, now).event().orElseThrow());
    }

    /** Takes inputs in any order: work ends once, attempts count up one by one, and users see each change. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void endsOnceAndCountsAttempts(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Terms> terms = List.copyOf(WorkCases.allTerms().values());
        for (int walk = 0; walk < 500; walk++) {
            Work work = new Work.New();
            Instant now = NOW;
            int attempts = 0;
            int ends = 0;
            Terms own = terms.get(random.nextInt(terms.size()));
            for (int turn = 0; turn < 60; turn++) {
                now = now.plusSeconds(random.nextInt(20));
                List<WorkInput> inputs = WorkCases.inputs();
                WorkDecision decision = WorkDecider.decide(own, work, inputs.get(random.nextInt(inputs.size())), now);
                if (decision.event().orElse(null) instanceof WorkEvent.Delivered delivered) {
                    assertThat(delivered.attempt()).as("seed=%d", seed).isEqualTo(++attempts);
                    assertThat(decision.effects()).hasSize(1);
                }
                Optional<DeviceJobStatus> before = work.status();
                if (decision.event().isPresent()) {
                    WorkEvent event = decision.event().get();
                    Work after = WorkDecider.evolve(work, event);
                    ends += after instanceof Work.Ended ? 1 : 0;
                    assertThat(Announcement.of(work, event).isPresent() || before.equals(after.status()))
                            .isTrue();
                    work = after;
                }
            }
            assertThat(ends).as("seed=%d", seed).isLessThanOrEqualTo(1);
        }
    }
}
