package io.muster.planner.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.CalendarRecurrence;
import io.muster.records.CalendarUnit;
import io.muster.records.CreateFleetJob;
import io.muster.records.CronRecurrence;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.JobDefinition;
import io.muster.records.NthWeekday;
import io.muster.records.Schedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleEvent;
import io.muster.records.ScheduleFired;
import io.muster.records.ScheduleMissed;
import io.muster.records.ScheduleRun;
import io.muster.records.ScheduleRunOutcome;
import io.muster.records.ScheduleStatus;
import io.muster.records.Timing;
import io.muster.records.TwinPatch;
import io.muster.service.decider.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleDeciderTest {
    private static final String ID = "iothub/nightly";
    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");
    private @Nullable Schedule schedule;
    private Instant now = START;

    private static Timing.Builder every(long seconds) {
        return Timing.newBuilder().setRecurrence(new ElapsedRecurrence(seconds));
    }

    private static ScheduleDefinition.Builder definition(Timing timing) {
        JobDefinition job = JobDefinition.newBuilder()
                .setJobId("nightly")
                .setOperation(new TwinPatch(null, "{\"a\":1}", null))
                .setQueryCondition("*")
                .build();
        return ScheduleDefinition.newBuilder().setTiming(timing).setAction(new CreateFleetJob(job));
    }

    private Decision<ScheduleEvent> decide(ScheduleInput input) {
        Decision<ScheduleEvent> decision = ScheduleDecider.decide(ID, schedule, input, now);
        if (decision instanceof Decision.Happened<ScheduleEvent>(ScheduleEvent event)) {
            schedule = ScheduleDecider.evolve(schedule, event);
        }
        return decision;
    }

    private Object due() {
        Decision<ScheduleEvent> decision = ScheduleDecider.decide(ID, schedule, new ScheduleInput.Due(), now);
        if (decision instanceof Decision.Happened<ScheduleEvent>(ScheduleEvent event)) {
            schedule = ScheduleDecider.evolve(schedule, event);
            return event.getEvent();
        }
        return decision;
    }

    private Schedule save(Timing.Builder timing) {
        return save(definition(timing.build()));
    }

    private Schedule save(ScheduleDefinition.Builder definition) {
        assertThat(decide(new ScheduleInput.Save(definition.build()))).isInstanceOf(Decision.Happened.class);
        assertThat(schedule).isNotNull();
        return schedule;
    }

    private void at(String time) {
        now = Instant.parse("2026-11-29T" + time + "Z");
    }

    private static Instant time(String time) {
        return Instant.parse("2026-11-29T" + time + "Z");
    }

    @Test
    void firesWhenItIsDueAndNotBefore() {
        save(every(60).setStart(time("12:10:00")));
        at("12:09:59");
        assertThat(due()).isInstanceOf(Decision.Nothing.class);
        at("12:10:00");
        assertThat(due()).isEqualTo(new ScheduleFired(time("12:10:00"), 0, time("12:11:00"), false, "20261129121000"));
        assertThat(due()).as("once").isInstanceOf(Decision.Nothing.class);
        at("12:11:03");
        assertThat(due()).isEqualTo(new ScheduleFired(time("12:11:00"), 0, time("12:12:00"), false, "20261129121100"));
        assertThat(schedule.getFired()).isEqualTo(2);
        assertThat(schedule.getLastAt()).isEqualTo(time("12:11:00"));
        assertThat(ScheduleDecider.due(schedule)).contains(time("12:12:00"));
    }

    @ParameterizedTest
    @CsvSource({"12:19:00, 1, 0", "12:21:00, 0, 1"})
    void firesOrMissesItsOnlyTimeThatCameWhileItWasDisabled(String enabledAt, long fired, long missed) {
        save(Timing.newBuilder().setStart(time("12:10:00")));
        decide(new ScheduleInput.Suspend(true));
        at("12:15:00");
        ScheduleDecider.whenDue(schedule).forEach(this::decide);
        assertThat(schedule.getFired() + schedule.getMissed()).isZero();
        at(enabledAt);
        decide(new ScheduleInput.Suspend(false));
        due();
        assertThat(schedule.getFired()).isEqualTo(fired);
        assertThat(schedule.getMissed()).as("late by more than ten minutes").isEqualTo(missed);
        assertThat(schedule.getRecent()).hasSize(1);
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        decide(new ScheduleInput.Suspend(true));
        decide(new ScheduleInput.Suspend(false));
        assertThat(schedule.getStatus()).as("once").isEqualTo(ScheduleStatus.COMPLETED);
    }

    /** Begins in the past, which means now: now is when it is enabled. Contract: webjobs-and-schedules, 2.9, first run. */
    @Test
    void firesWhenItIsEnabledWhereItsOnlyTimeWasPastAlready() {
        save(definition(Timing.newBuilder().setStart(time("11:00:00")).build()).setEnabled(false));
        at("12:30:00");
        save(definition(Timing.newBuilder().setStart(time("11:00:00")).build()).setEnabled(true));
        due();
        assertThat(schedule.getFired()).isOne();
        assertThat(schedule.getMissed()).isZero();
    }

    @Test
    void isKeptForItsDaysOnceItFiresNoMore() {
        save(definition(every(60).build()).setKeptDays(30));
        at("12:00:01");
        due();
        at("12:00:30");
        assertThat(decide(new ScheduleInput.End())).isInstanceOf(Decision.Happened.class);
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        assertThat(schedule.getEnded()).isTrue();
        assertThat(decide(new ScheduleInput.End())).isInstanceOf(Decision.Refused.class);
        assertThat(decide(new ScheduleInput.Save(schedule.getDefinition())))
                .as("it does not come back")
                .isInstanceOf(Decision.Refused.class);
        Instant until = time("12:00:30").plus(Duration.ofDays(30));
        assertThat(ScheduleDecider.due(schedule)).contains(until);
        now = until.minusMillis(1);
        ScheduleDecider.whenDue(schedule).forEach(this::decide);
        assertThat(schedule).as("before").isNotNull();
        now = until;
        ScheduleDecider.whenDue(schedule).forEach(this::decide);
        assertThat(schedule).isNull();
    }

    @Test
    void isKeptUntilItIsDeletedWhereItSaysNothingOfDays() {
        save(every(60).setCount(1L));
        due();
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        assertThat(schedule.getEnded()).as("its times have come").isFalse();
        assertThat(ScheduleDecider.due(schedule)).isEmpty();
        save(every(60).setCount(2L));
        assertThat(schedule.getStatus()).as("it may go on").isEqualTo(ScheduleStatus.ENABLED);
    }

    @Test
    void firesAtOnceWhereItHasNoStart() {
        Schedule saved = save(every(60));
        assertThat(saved.getNextAt()).isEqualTo(START);
        assertThat(due()).isEqualTo(new ScheduleFired(START, 0, time("12:01:00"), false, "20261129120000"));
        save(Timing.newBuilder().setRecurrence(new CronRecurrence("0 30 12 * * *")));
        assertThat(schedule.getNextAt()).as("a cron expression waits").isEqualTo(time("12:30:00"));
    }

    @Test
    void firesOnceForAllThatWentByAndCountsTheRest() {
        save(every(60).setStart(time("12:01:00")));
        at("12:05:30");
        assertThat(due()).isEqualTo(new ScheduleFired(time("12:05:00"), 4, time("12:06:00"), false, "20261129120500"));
        assertThat(schedule.getFired()).isOne();
        assertThat(schedule.getMissed()).isEqualTo(4);
    }

    @Test
    void firesNotWhileItsCollectionIsDisabledAndThenAsItSaysItself() {
        save(every(60).setStart(time("12:10:00")));
        decide(new ScheduleInput.Suspend(true));
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.DISABLED);
        assertThat(ScheduleDecider.due(schedule)).isEmpty();
        assertThat(decide(new ScheduleInput.Suspend(true))).isInstanceOf(Decision.Nothing.class);
        save(definition(every(60).setStart(time("12:10:00")).build())
                .setSuspended(true)
                .setSource("as it was changed meanwhile"));
        at("12:30:30");
        decide(new ScheduleInput.Suspend(false));
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.ENABLED);
        assertThat(schedule.getNextAt()).as("times that passed do not count").isEqualTo(time("12:31:00"));
        assertThat(schedule.getDefinition().getSource()).isEqualTo("as it was changed meanwhile");
        save(definition(every(60).setStart(time("12:10:00")).build()).setEnabled(false));
        decide(new ScheduleInput.Suspend(true));
        decide(new ScheduleInput.Suspend(false));
        assertThat(schedule.getStatus()).as("disabled itself").isEqualTo(ScheduleStatus.DISABLED);
        schedule = null;
        assertThat(decide(new ScheduleInput.Suspend(true))).isInstanceOf(Decision.Refused.class);
    }

    @Test
    void keepsItsLast200RunsThatIsThreeADayForTwoMonths() {
        Duration third = Duration.ofHours(8);
        save(every(third.toSeconds()).setStart(START));
        for (int i = 0; i < 250; i++) {
            assertThat(due()).isInstanceOf(ScheduleFired.class);
            now = now.plus(third);
        }
        assertThat(schedule.getRecent()).hasSize(200);
        assertThat(schedule.getRecent().getLast().getAt()).isBefore(now.minus(Duration.ofDays(60)));
    }

    @Test
    void goesOnWhereItsEndAloneIsChanged() {
        now = START.plusMillis(423);
        save(every(60).setCount(2L));
        assertThat(due()).isInstanceOf(ScheduleFired.class);
        at("12:00:30");
        save(every(60).setCount(3L));
        assertThat(schedule.getNextAt()).isEqualTo(time("12:01:00"));
        save(every(60).setCount(3L).setStart(START));
        assertThat(schedule.getNextAt()).as("as documents show it").isEqualTo(time("12:01:00"));
        at("12:01:00");
        assertThat(due()).isEqualTo(new ScheduleFired(time("12:01:00"), 0, time("12:02:00"), false, "20261129120100"));
        save(every(60).setCount(3L).setEnd(time("12:01:30")));
        assertThat(schedule.getStatus()).as("its end is reached first").isEqualTo(ScheduleStatus.COMPLETED);
        at("12:02:30");
        save(every(60).setCount(3L));
        assertThat(schedule.getNextAt()).as("the end is gone").isEqualTo(time("12:03:00"));
        at("12:03:00");
        due();
        assertThat(schedule.getFired()).isEqualTo(3);
        assertThat(schedule.getStatus()).as("its count is reached").isEqualTo(ScheduleStatus.COMPLETED);
        save(every(60).setCount(4L));
        assertThat(schedule.getNextAt()).isEqualTo(time("12:04:00"));
        save(every(30).setCount(4L));
        assertThat(schedule.getNextAt()).as("other times").isEqualTo(now);
        assertThat(schedule.getFired()).isZero();
    }

    @Test
    void keepsTheOnlyTimeOfOneThatIsDisabled() {
        save(definition(Timing.newBuilder().build()).setEnabled(false));
        at("13:00:00");
        save(definition(Timing.newBuilder().build()));
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.ENABLED);
        assertThat(due()).isInstanceOf(ScheduleFired.class);
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        save(definition(Timing.newBuilder().build()));
        assertThat(schedule.getStatus()).as("once").isEqualTo(ScheduleStatus.COMPLETED);
    }

    @Test
    void completesWithTheFirstOfItsCountAndItsEnd() {
        save(every(60).setStart(time("12:01:00")).setCount(5L).setEnd(time("12:02:00")));
        at("12:01:00");
        due();
        at("12:02:00");
        due();
        assertThat(schedule.getFired()).isEqualTo(2);
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        at("12:10:00");
        save(every(60).setStart(time("12:00:30")).setCount(2L));
        assertThat(schedule.getNextAt())
                .as("times before it was saved do not count")
                .isEqualTo(time("12:10:30"));
        at("12:10:30");
        due();
        at("12:11:30");
        due();
        assertThat(schedule.getFired()).isEqualTo(2);
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
    }

    @Test
    void missesWhatIsTooLate() {
        save(Timing.newBuilder().setRecurrence(new CronRecurrence("0 0 11,18 * * *")));
        assertThat(schedule.getNextAt()).isEqualTo(time("18:00:00"));
        at("18:10:00");
        assertThat(ScheduleDecider.decide(ID, schedule, new ScheduleInput.Due(), now))
                .as("ten minutes are tolerated")
                .isInstanceOf(Decision.Happened.class);
        at("18:10:01");
        assertThat(due())
                .isEqualTo(new ScheduleMissed(
                        time("18:00:00"), 1, Instant.parse("2026-11-30T11:00:00Z"), false, false, ""));
        assertThat(schedule.getFired()).isZero();
        assertThat(schedule.getMissed()).isOne();
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.ENABLED);
    }

    @Test
    void failsWhileItsWriterMayNotDoWhatItDoes() {
        save(definition(every(60).setStart(time("12:10:00")).build()).setWriter("policy/jobs"));
        assertThat(decide(new ScheduleInput.Withhold("policy/other", "No."))).isInstanceOf(Decision.Nothing.class);
        assertThat(decide(new ScheduleInput.Withhold("policy/jobs", "No."))).isInstanceOf(Decision.Happened.class);
        assertThat(decide(new ScheduleInput.Withhold("policy/jobs", "No."))).isInstanceOf(Decision.Nothing.class);
        at("12:10:00");
        assertThat(due()).isEqualTo(new ScheduleMissed(time("12:10:00"), 1, time("12:11:00"), false, false, "No."));
        assertThat(schedule.getFired()).isZero();
        assertThat(schedule.getRecent().getFirst().getOutcome()).isEqualTo(ScheduleRunOutcome.FAILED);
        assertThat(schedule.getRecent().getFirst().getMessage()).isEqualTo("No.");
        decide(new ScheduleInput.Fire());
        assertThat(schedule.getFired()).as("asked for by another").isZero();
        save(definition(every(60).setStart(time("12:10:00")).build()).setWriter("policy/jobs"));
        assertThat(schedule.getWithheld()).as("its writer is the same").isEqualTo("No.");
        decide(new ScheduleInput.Withhold("policy/jobs", null));
        at("12:11:00");
        assertThat(due()).isInstanceOf(ScheduleFired.class);
        decide(new ScheduleInput.Withhold("policy/jobs", "No."));
        save(definition(every(60).setStart(time("12:10:00")).build()).setWriter("policy/other"));
        assertThat(schedule.getWithheld()).as("of another writer").isNull();
    }

    @Test
    void completesWithItsCountItsEndOrItsOnlyTime() {
        save(every(60).setStart(time("12:01:00")).setCount(2L));
        at("12:01:00");
        due();
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.ENABLED);
        at("12:02:00");
        assertThat(due()).isEqualTo(new ScheduleFired(time("12:02:00"), 0, null, false, "20261129120200"));
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        assertThat(ScheduleDecider.due(schedule)).isEmpty();

        schedule = null;
        save(every(60).setStart(time("12:03:00")).setEnd(time("12:03:30")));
        at("12:03:00");
        assertThat(due()).isEqualTo(new ScheduleFired(time("12:03:00"), 0, null, false, "20261129120300"));

        schedule = null;
        save(Timing.newBuilder().setStart(time("12:04:00")));
        at("12:04:01");
        assertThat(due()).isEqualTo(new ScheduleFired(time("12:04:00"), 0, null, false, "20261129120400"));
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);

        schedule = null;
        assertThat(save(every(60).setEnd(time("11:00:00"))).getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
    }

    @Test
    void keepsItsTimesWhereOnlyItsActionChanges() {
        Timing timing = every(60).setStart(time("12:01:00")).setCount(3L).build();
        save(definition(timing));
        at("12:01:00");
        due();
        at("12:01:30");
        Schedule changed = save(definition(timing).setToleranceSeconds(5));
        assertThat(changed.getNextAt()).isEqualTo(time("12:02:00"));
        assertThat(changed.getFired()).isOne();
        Schedule other = save(definition(every(7).setStart(time("12:00:00")).build()));
        assertThat(other.getFired()).as("other times count anew").isZero();
        assertThat(other.getNextAt()).isEqualTo(time("12:01:31"));
        assertThat(other.getCreatedAt()).isEqualTo(START);
    }

    @Test
    void doesNotMakeUpForTimesOfItsDisablement() {
        Timing timing = every(60).setStart(time("12:01:00")).build();
        save(definition(timing).setEnabled(false));
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.DISABLED);
        at("12:05:30");
        assertThat(due()).isInstanceOf(Decision.Nothing.class);
        assertThat(ScheduleDecider.due(schedule)).isEmpty();
        assertThat(save(definition(timing)).getNextAt()).isEqualTo(time("12:06:00"));
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.ENABLED);
    }

    @Test
    void firesWhenAskedBesideItsTimes() {
        assertThat(decide(new ScheduleInput.Fire())).as("there is none").isInstanceOf(Decision.Refused.class);
        save(every(60).setStart(time("12:01:00")));
        at("12:00:20");
        decide(new ScheduleInput.Fire());
        assertThat(schedule.getFired()).isOne();
        assertThat(schedule.getNextAt()).isEqualTo(time("12:01:00"));
        schedule = null;
        save(Timing.newBuilder().setStart(time("12:00:30")));
        at("12:00:30");
        due();
        decide(new ScheduleInput.Fire());
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        assertThat(schedule.getFired()).isEqualTo(2);
    }

    @Test
    void usesUpNoneOfItsCountWhenItIsAsked() {
        Timing timing = every(60).setStart(time("12:01:00")).setCount(2L).build();
        save(definition(timing));
        at("12:00:20");
        decide(new ScheduleInput.Fire());
        decide(new ScheduleInput.Fire());
        at("12:01:00");
        assertThat(due()).isEqualTo(new ScheduleFired(time("12:01:00"), 0, time("12:02:00"), false, "20261129120100"));
        Schedule changed = save(definition(timing).setToleranceSeconds(5));
        assertThat(changed.getNextAt()).as("it goes on").isEqualTo(time("12:02:00"));
        at("12:02:00");
        assertThat(due()).isEqualTo(new ScheduleFired(time("12:02:00"), 0, null, false, "20261129120200"));
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
        assertThat(schedule.getFired()).as("all firings are counted").isEqualTo(4);
        at("12:03:00");
        decide(new ScheduleInput.Fire());
        assertThat(save(definition(timing)).getStatus()).isEqualTo(ScheduleStatus.COMPLETED);

        save(every(60).setStart(time("12:04:00")).setCount(2L));
        at("12:04:00");
        due();
        assertThat(schedule.getStatus()).as("other times count anew").isEqualTo(ScheduleStatus.ENABLED);
        at("12:05:00");
        due();
        assertThat(schedule.getStatus()).isEqualTo(ScheduleStatus.COMPLETED);
    }

    @Test
    void isDeleted() {
        assertThat(decide(new ScheduleInput.Delete())).isInstanceOf(Decision.Refused.class);
        save(every(60));
        decide(new ScheduleInput.Delete());
        assertThat(schedule).isNull();
    }

    @Test
    void namesEachFiringOnceEvenIfTwoAreOfOneSecond() {
        save(every(60).setStart(time("12:01:00")));
        at("12:01:00");
        due();
        decide(new ScheduleInput.Fire());
        decide(new ScheduleInput.Fire());
        save(every(60));
        due();
        at("12:02:00");
        due();
        assertThat(schedule.getRecent())
                .extracting(ScheduleRun::getRun)
                .containsExactly(
                        "20261129120200", "20261129120103", "20261129120102", "20261129120101", "20261129120100");
    }

    @Test
    void namesAJobByTheTimeAtWhichItWasDue() {
        CreateFleetJob action =
                (CreateFleetJob) definition(every(60).build()).build().getAction();
        JobDefinition job = ScheduleDecider.job(action, "20261129120500");
        assertThat(job.getJobId()).isEqualTo("nightly-20261129120500");
        assertThat(job.getStartTime()).isNull();
    }

    static Stream<Timing.Builder> wrong() {
        CalendarRecurrence.Builder daily = CalendarRecurrence.newBuilder().setUnit(CalendarUnit.DAY);
        CalendarRecurrence.Builder monthly = CalendarRecurrence.newBuilder().setUnit(CalendarUnit.MONTH);
        return Stream.<Object>of(
                        new ElapsedRecurrence(0L),
                        new ElapsedRecurrence(Long.MAX_VALUE),
                        new CronRecurrence("0 3 * * *"),
                        daily.setInterval(0).build(),
                        daily.setInterval(1).setHours(List.of(24)).build(),
                        daily.setHours(List.of()).setMinutes(List.of(-1)).build(),
                        daily.setMinutes(List.of()).setWeekDays(List.of(8)).build(),
                        monthly.setMonthDays(List.of(0)).build(),
                        monthly.setMonthDays(List.of(32)).build(),
                        monthly.setMonthDays(List.of())
                                .setNthDays(List.of(new NthWeekday(1, 6)))
                                .build(),
                        monthly.setNthDays(List.of(new NthWeekday(0, 1))).build())
                .map(recurrence -> Timing.newBuilder().setRecurrence(recurrence));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void refusesTimesThatMakeNoSense(Timing.Builder timing) {
        Decision<ScheduleEvent> decision =
                decide(new ScheduleInput.Save(definition(timing.build()).build()));
        assertThat(decision).isInstanceOf(Decision.Refused.class);
    }

    @Test
    void refusesAZoneAToleranceAndAnIdThatAreNone() {
        assertThat(decide(new ScheduleInput.Save(
                        definition(every(60).setTimeZone("Mars/Olympus").build())
                                .build())))
                .isInstanceOf(Decision.Refused.class);
        assertThat(decide(new ScheduleInput.Save(
                        definition(every(60).build()).setToleranceSeconds(-1).build())))
                .isInstanceOf(Decision.Refused.class);
        assertThat(ScheduleDecider.decide(
                        "a b",
                        null,
                        new ScheduleInput.Save(definition(every(60).build()).build()),
                        now))
                .isInstanceOf(Decision.Refused.class);
    }

    /** Polls at random times, as a planner does that is slow or away: each time is fired or missed once, in order, and no two firings come at once. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void countsEachTimeOnce(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int period = 1 + random.nextInt(600);
        save(every(period).setStart(START));
        List<Instant> fired = new ArrayList<>();
        Instant end = START.plusSeconds(100_000);
        while (now.isBefore(end)) {
            if (due() instanceof ScheduleFired firing) {
                fired.add(firing.getDueAt());
            }
            assertThat(due()).isInstanceOf(Decision.Nothing.class);
            now = now.plusMillis(random.nextInt(20) == 0 ? random.nextInt(3_000_000) : random.nextInt(period * 1500));
        }
        long passed = Duration.between(START, schedule.getNextAt()).toSeconds() / period;
        assertThat(schedule.getFired() + schedule.getMissed()).isEqualTo(passed);
        assertThat(fired).isSorted().doesNotHaveDuplicates().hasSize(Math.toIntExact(schedule.getFired()));
    }

    @Test
    void firesTheLastOfMoreTimesThanAreCounted() {
        save(every(1).setStart(time("12:00:01")));
        now = START.plus(Duration.ofDays(30));
        assertThat(due()).isInstanceOf(ScheduleFired.class);
        assertThat(schedule.getLastAt()).isEqualTo(now);
        assertThat(schedule.getNextAt()).isEqualTo(now.plusSeconds(1));
    }

    @Test
    void countsAHundredOfTheTimesOfAnAbsenceAndFiresTheLast() {
        save(Timing.newBuilder().setRecurrence(new CronRecurrence("0 * * * * *")));
        now = START.plus(Duration.ofDays(300)).plusSeconds(30);
        assertThat(due()).isInstanceOf(ScheduleFired.class);
        assertThat(schedule.getLastAt()).isEqualTo(now.minusSeconds(30));
        assertThat(schedule.getMissed()).isEqualTo(100);
        assertThat(schedule.getNextAt()).isEqualTo(now.plusSeconds(30));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void refusesACountThatIsNone(long count) {
        assertThat(decide(new ScheduleInput.Save(
                        definition(every(60).setCount(count).build()).build())))
                .isInstanceOf(Decision.Refused.class);
    }
}
