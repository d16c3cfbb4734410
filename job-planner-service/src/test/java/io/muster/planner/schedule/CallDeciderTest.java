package io.muster.planner.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.muster.records.CallEndpoint;
import io.muster.records.CreateFleetJob;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.JobDefinition;
import io.muster.records.ReportScheduleCall;
import io.muster.records.RetryPolicy;
import io.muster.records.RunSiteJob;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCallEnded;
import io.muster.records.ScheduleCallState;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleEvent;
import io.muster.records.ScheduleFired;
import io.muster.records.ScheduleMissed;
import io.muster.records.ScheduleRun;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.ScheduleStatus;
import io.muster.records.Timing;
import io.muster.records.WriteMessage;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests calls of schedules: attempts, retries, error actions, and firings that find one under way. */
class CallDeciderTest {
    private static final String ID = "s/jobs/j";
    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");
    private static final CallEndpoint ENDPOINT = CallEndpoint.newBuilder()
            .setMethod("POST")
            .setUri("https://example.com/a")
            .setHeaders(Map.of())
            .build();
    private static final RunSiteJob WEB_JOB = new RunSiteJob("fleet", "purge", "");
    private static final WriteMessage MESSAGE = new WriteMessage("queue-q", "it failed");

    private final List<CallOrder> orders = new ArrayList<>();
    private final List<Object> events = new ArrayList<>();
    private @Nullable Schedule schedule;
    private Instant now = START;

    private static ScheduleDefinition.Builder definition(long period, int retries) {
        return ScheduleDefinition.newBuilder()
                .setTiming(Timing.newBuilder()
                        .setStart(START)
                        .setRecurrence(new ElapsedRecurrence(period))
                        .build())
                .setAction(ENDPOINT)
                .setRetry(new RetryPolicy(retries, 120L));
    }

    private void decide(ScheduleInput input) {
        if (ScheduleDecider.decide(ID, schedule, input, now)
                instanceof Decision.Happened<ScheduleEvent>(ScheduleEvent event)) {
            schedule = ScheduleDecider.evolve(schedule, event);
            events.add(event.getEvent());
            if (schedule != null) {
                ScheduleDecider.call(schedule, event).ifPresent(orders::add);
            }
        }
    }

    private void save(ScheduleDefinition.Builder definition) {
        decide(new ScheduleInput.Save(definition.build()));
        assertThat(schedule).isNotNull();
    }

    /** Lets time come, as the coordinator does. */
    private void at(Instant time) {
        now = time;
        assertThat(schedule).isNotNull();
        if (ScheduleDecider.due(schedule).filter(due -> !due.isAfter(now)).isPresent()) {
            ScheduleDecider.whenDue(schedule).forEach(this::decide);
        }
    }

    private void report(CallOrder call, boolean succeeded) {
        decide(new ScheduleInput.Report(new ReportScheduleCall(
                call.run(),
                call.ofError(),
                call.attempt(),
                now.minusSeconds(1),
                now,
                succeeded,
                succeeded ? "It answered 2xx." : "It answered 5xx.")));
    }

    private static Instant minutes(long minutes) {
        return START.plus(Duration.ofMinutes(minutes));
    }

    @Test
    void ordersACallWithItsFiringAndRecordsItsEnd() {
        save(definition(3600, 0));
        at(START);
        assertThat(orders).containsExactly(new CallOrder(ID, "20261129120000", false, 0, START, minutes(10), ENDPOINT));
        assertThat(schedule.getRecent()).as("its end is not known yet").isEmpty();
        now = START.plusSeconds(2);
        report(orders.getFirst(), true);
        ScheduleRun run = schedule.getRecent().getFirst();
        assertThat(run.getOutcome()).isEqualTo(ScheduleRunOutcome.DONE);
        assertThat(run.getMessage()).isEqualTo("It answered 2xx.");
        assertThat(run.getEndedAt()).isEqualTo(now);
        report(orders.getFirst(), false);
        assertThat(schedule.getRecent()).as("a report that comes twice").hasSize(1);
        assertThat(schedule.getFailures()).isZero();
        assertThat(schedule.getCalls()).isEmpty();
    }

    @Test
    void triesAgainAtTheIntervalOfItsPolicyAndThenOrdersTheErrorAction() {
        save(definition(36_000, 2).setErrorAction(MESSAGE));
        at(START);
        for (int attempt = 0; attempt < 3; attempt++) {
            assertThat(orders).hasSize(attempt + 1);
            assertThat(orders.getLast().attempt()).isEqualTo(attempt);
            assertThat(orders.getLast().run()).as("the same firing").isEqualTo("20261129120000");
            report(orders.getLast(), false);
            if (attempt < 2) {
                at(now.plusSeconds(119));
                assertThat(orders).as("not before its time").hasSize(attempt + 1);
                at(now.plusSeconds(1));
            }
        }
        assertThat(orders).hasSize(4);
        assertThat(orders.getLast().ofError()).isTrue();
        assertThat(orders.getLast().action()).isEqualTo(MESSAGE);
        assertThat(schedule.getFailures()).isOne();
        report(orders.getLast(), true);
        assertThat(schedule.getCalls()).isEmpty();
        assertThat(schedule.getRecent())
                .extracting(ScheduleRun::getOfError, ScheduleRun::getAttempt, ScheduleRun::getOutcome)
                .containsExactly(
                        tuple(true, 0, ScheduleRunOutcome.DONE),
                        tuple(false, 2, ScheduleRunOutcome.FAILED),
                        tuple(false, 1, ScheduleRunOutcome.FAILED),
                        tuple(false, 0, ScheduleRunOutcome.FAILED));
    }

    @Test
    void ordersNoErrorActionThatItsWriterMayNotDoAnyMoreAndSaysSo() {
        save(definition(36_000, 0)
                .setErrorAction(new RunSiteJob("fleet", "repair", ""))
                .setWriter("policy/p"));
        decide(new ScheduleInput.Withhold("policy/p", "The policy p is there no more."));
        at(START);
        report(orders.getFirst(), false);
        assertThat(((ScheduleCallEnded) events.getLast()).getErrorAction()).isFalse();
        assertThat(schedule.getRecent().getFirst().getMessage())
                .endsWith(" Its error action fails: The policy p is there no more.");
    }

    @Test
    void ordersTheRunOfAWebJobAgainWhereItsSiteRefusedItAndThenTheErrorAction() {
        save(definition(36_000, 1).setAction(WEB_JOB).setErrorAction(new RunSiteJob("fleet", "repair", "")));
        at(START);
        assertThat(orders).containsExactly(new CallOrder(ID, "20261129120000", false, 0, START, minutes(10), WEB_JOB));
        assertThat(schedule.getRecent()).as("its site has not answered").isEmpty();
        report(orders.getLast(), false);
        at(minutes(2));
        assertThat(orders.getLast().attempt()).isOne();
        report(orders.getLast(), false);
        assertThat(orders.getLast().action()).isEqualTo(new RunSiteJob("fleet", "repair", ""));
        report(orders.getLast(), true);
        assertThat(schedule.getFailures()).isOne();
        assertThat(schedule.getRecent())
                .extracting(ScheduleRun::getOfError, ScheduleRun::getAttempt, ScheduleRun::getOutcome)
                .containsExactly(
                        tuple(true, 0, ScheduleRunOutcome.DONE),
                        tuple(false, 1, ScheduleRunOutcome.FAILED),
                        tuple(false, 0, ScheduleRunOutcome.FAILED));
    }

    @Test
    void failsTheRetryOfAWebJobsRunThatItsWriterMayNotStartAnyMore() {
        save(definition(36_000, 1).setAction(WEB_JOB).setWriter("policy/p"));
        at(START);
        report(orders.getLast(), false);
        decide(new ScheduleInput.Withhold("policy/p", "The policy p is there no more."));
        at(minutes(2));
        assertThat(orders).hasSize(1);
        assertThat(schedule.getCalls()).isEmpty();
        assertThat(schedule.getFailures()).isOne();
        assertThat(schedule.getRecent().getFirst().getMessage()).isEqualTo("The policy p is there no more.");
        assertThat(schedule.getRecent().getFirst().getAttempt()).isOne();
    }

    @Test
    void repeatsAnOrderThatNobodyReportsWithTheEndThatItHad() {
        save(definition(36_000, 0).setAction(WEB_JOB).setErrorAction(MESSAGE));
        at(START);
        for (int minute : new int[] {11, 13, 17, 25}) {
            int before = orders.size();
            at(minutes(minute).minusMillis(1));
            assertThat(orders).as("before minute %d", minute).hasSize(before);
            at(minutes(minute));
            assertThat(orders).as("at minute %d", minute).hasSize(before + 1);
        }
        assertThat(orders)
                .as("the same attempt, until the same time")
                .containsOnly(new CallOrder(ID, "20261129120000", false, 0, START, minutes(10), WEB_JOB));
        assertThat(schedule.getRecent()).as("what is not known is not written").isEmpty();
        at(minutes(40));
        report(orders.getFirst(), true);
        assertThat(schedule.getRecent())
                .extracting(ScheduleRun::getOutcome, ScheduleRun::getAttempt)
                .containsExactly(tuple(ScheduleRunOutcome.DONE, 0));
        report(orders.getLast(), false);
        assertThat(schedule.getRecent())
                .as("the answer to a repetition comes behind")
                .hasSize(1);
        assertThat(schedule.getFailures()).isZero();
        assertThat(schedule.getCalls()).isEmpty();
    }

    /** One that can't read the order, such as a site of an older version, answers nothing. */
    @Test
    void failsACallThatIsNeverAnsweredWithinABoundAndSaysWhatIsNotKnown() {
        save(definition(36_000, 0).setAction(WEB_JOB).setErrorAction(MESSAGE));
        at(START);
        for (int minute = 1; minute < 41; minute++) {
            at(minutes(minute));
        }
        assertThat(schedule.getRecent()).isEmpty();
        at(minutes(41));
        assertThat(schedule.getRecent().getFirst().getOutcome()).isEqualTo(ScheduleRunOutcome.FAILED);
        assertThat(schedule.getRecent().getFirst().getMessage())
                .contains("has not said what became of it", "see whether the planner runs")
                .contains("in the WebJob's history whether a run began");
        assertThat(orders.getLast().action()).isEqualTo(MESSAGE);
        for (int minute = 42; minute < 120; minute++) {
            at(minutes(minute));
        }
        assertThat(schedule.getCalls()).isEmpty();
        assertThat(schedule.getRecent().getFirst().getMessage()).contains("see whether it runs");
        assertThat(orders)
                .as("both, and their repetitions")
                .hasSize(2 * (1 + CallDecider.MOST_REPEATS))
                .extracting(CallOrder::attempt)
                .containsOnly(0);
    }

    @Test
    void repeatsNoOrderInABurstWhenItWasAway() {
        save(definition(36_000, 0).setAction(WEB_JOB));
        at(START);
        at(minutes(500));
        at(minutes(501));
        assertThat(orders).as("its order, and one repetition").hasSize(2);
        assertThat(schedule.getRecent()).isEmpty();
        at(minutes(502));
        assertThat(orders).hasSize(3);
    }

    /** The end of an order was not kept by older versions: it follows from when the report was awaited. */
    @Test
    void repeatsAnOrderOfAnOlderVersion() {
        save(definition(36_000, 0).setAction(WEB_JOB));
        at(START);
        ScheduleCallState call = schedule.getCalls().getFirst();
        schedule = Schedule.newBuilder(schedule)
                .setCalls(List.of(
                        ScheduleCallState.newBuilder(call).setUntil(null).build()))
                .build();
        at(minutes(11));
        at(minutes(13));
        assertThat(orders).hasSize(3).extracting(CallOrder::until).containsOnly(minutes(10));
    }

    @Test
    void repeatsTheOrderOfARetryWithTheEndOfTheRetry() {
        save(definition(36_000, 1).setAction(WEB_JOB));
        at(START);
        report(orders.getLast(), false);
        at(minutes(2));
        at(minutes(13));
        assertThat(orders.getLast())
                .isEqualTo(new CallOrder(ID, "20261129120000", false, 1, START, minutes(12), WEB_JOB));
        report(orders.getFirst(), true);
        assertThat(schedule.getCalls()).as("a report of an earlier attempt").hasSize(1);
        report(orders.getLast(), true);
        assertThat(schedule.getCalls()).isEmpty();
    }

    @Test
    void postponesATimeThatFindsACallCarriedOut() {
        save(definition(60, 0).setToleranceSeconds(3600));
        at(START);
        at(minutes(1));
        assertThat(events.getLast()).isEqualTo(new ScheduleMissed(minutes(1), 1, minutes(2), true, false, ""));
        assertThat(schedule.getRecent().getFirst().getOutcome()).isEqualTo(ScheduleRunOutcome.POSTPONED);
        decide(new ScheduleInput.Fire());
        assertThat(events.getLast()).as("asked").isInstanceOf(ScheduleMissed.class);
        report(orders.getFirst(), true);
        at(minutes(2));
        assertThat(events.getLast()).isInstanceOf(ScheduleFired.class);
        assertThat(orders).hasSize(2);
    }

    /** Has fired its only time: nothing is due any more but its retries, and they wait too. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void waitsWithTheRetriesOfAnOnlyTimeWhileItIsDisabled(boolean byCollection) {
        ScheduleDefinition.Builder once = definition(36_000, 1);
        once.setTiming(Timing.newBuilder(once.getTiming()).setRecurrence(null).build());
        save(once);
        at(START);
        report(orders.getFirst(), false);
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        if (byCollection) {
            decide(new ScheduleInput.Suspend(true));
        } else {
            save(ScheduleDefinition.newBuilder(once).setEnabled(false));
        }
        at(minutes(5));
        assertThat(orders).hasSize(1);
        assertThat(ScheduleDecider.due(schedule)).isEmpty();
        if (byCollection) {
            decide(new ScheduleInput.Suspend(false));
        } else {
            save(ScheduleDefinition.newBuilder(once).setEnabled(true));
        }
        at(minutes(6));
        assertThat(orders).hasSize(2);
    }

    @Test
    void waitsWithRetriesWhileItIsDisabledAndMakesThemWhenItIsCompleted() {
        save(definition(36_000, 1));
        at(START);
        report(orders.getFirst(), false);
        save(definition(36_000, 1).setEnabled(false));
        at(minutes(5));
        assertThat(orders).hasSize(1);
        ScheduleDefinition.Builder last = definition(36_000, 1);
        last.setTiming(
                Timing.newBuilder(last.getTiming()).setEnd(START.plusSeconds(1)).build());
        save(last);
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        at(minutes(6));
        assertThat(orders).hasSize(2);
    }

    @Test
    void forgetsCallsOfAnActionThatIsNoneAnyMore() {
        save(definition(36_000, 1));
        at(START);
        save(definition(36_000, 1).setAction(new CreateFleetJob(new JobDefinition())));
        assertThat(schedule.getCalls()).isEmpty();
        report(orders.getFirst(), false);
        assertThat(schedule.getCalls()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 21})
    void refusesAPolicyThatIsNone(int count) {
        assertThat(ScheduleDecider.decide(
                        ID, null, new ScheduleInput.Save(definition(60, count).build()), now))
                .isInstanceOf(Decision.Refused.class);
    }

    /** Loses reports, repeats them and brings them late: one call is carried out at a time, and each firing ends once. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void endsEachFiringOnce(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        save(definition(60 + random.nextInt(300), random.nextInt(4))
                .setToleranceSeconds(random.nextInt(120))
                .setErrorAction(random.nextBoolean() ? MESSAGE : null));
        List<CallOrder> unreported = new ArrayList<>();
        int seen = 0;
        for (int i = 0; i < 3000; i++) {
            at(now.plusSeconds(random.nextInt(random.nextInt(20) == 0 ? 3600 : 90)));
            while (seen < orders.size()) {
                unreported.add(orders.get(seen++));
            }
            if (!unreported.isEmpty() && random.nextInt(3) > 0) {
                CallOrder call = unreported.get(random.nextInt(unreported.size()));
                report(call, random.nextInt(3) == 0);
                if (random.nextInt(3) > 0) {
                    unreported.remove(call);
                }
            }
            assertThat(schedule.getCalls().stream().filter(call -> !call.getWaits()))
                    .hasSizeLessThanOrEqualTo(1);
            assertThat(schedule.getCalls()).hasSizeLessThanOrEqualTo(CallDecider.MOST_WAITING + 1);
        }
        long ended = events.stream()
                .filter(event -> event instanceof ScheduleCallEnded end
                        && !end.getOfError()
                        && (end.getSucceeded() || end.getRetryAt() == null))
                .count();
        long open = schedule.getCalls().stream()
                .filter(call -> !call.getOfError())
                .map(ScheduleCallState::getRun)
                .distinct()
                .count();
        assertThat(ended + open).isEqualTo(schedule.getFired()).isPositive();
    }
}
