package io.muster.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.muster.schedule.CalendarRule.NthDay;
import io.muster.schedule.CalendarRule.Unit;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks schedules where clocks go forward (in Paris on 2026-03-29 and 2027-03-28 at 02:00) and back (on 2026-10-25 at 03:00). */
class ScheduleTest {
    private static final ZoneId UTC = ZoneId.of("UTC");
    private static final ZoneId PARIS = ZoneId.of("Europe/Paris");
    private static final Instant NOW = Instant.parse("2026-11-29T10:20:30Z");

    private static CalendarRule rule(
            Unit unit,
            int interval,
            List<Integer> hours,
            List<Integer> minutes,
            List<DayOfWeek> weekDays,
            List<Integer> monthDays,
            NthDay... nthDays) {
        return new CalendarRule(
                unit,
                interval,
                new TreeSet<>(hours),
                new TreeSet<>(minutes),
                new TreeSet<>(weekDays),
                new TreeSet<>(monthDays),
                List.of(nthDays));
    }

    private static Schedule calendar(ZoneId zone, String start, CalendarRule rule) throws ScheduleException {
        return Schedule.of(zone, Instant.parse(start), false, new Recurrence.Calendar(rule), Optional.empty());
    }

    private static Schedule cron(ZoneId zone, String start, String expression) throws ScheduleException {
        return Schedule.of(
                zone, Instant.parse(start), false, new Recurrence.Cron(Ncrontab.parse(expression)), Optional.empty());
    }

    private static List<Occurrence> first(int count, Schedule schedule, Instant now) {
        List<Occurrence> found = new ArrayList<>();
        Optional<Occurrence> next = schedule.first(now);
        while (next.isPresent() && found.size() < count) {
            found.add(next.get());
            next = schedule.after(next.get().time());
        }
        return found;
    }

    private static List<String> local(int count, Schedule schedule) {
        return first(count, schedule, schedule.start().minusSeconds(1)).stream()
                .map(occurrence -> occurrence.localTime().toString())
                .toList();
    }

    /** Starts when the clocks show 02:15 for the second time: a start is an instant, and fires. */
    @Test
    void firesAtItsStartWhereTheClocksShowThatTwice() throws ScheduleException {
        CalendarRule daily = rule(Unit.DAY, 1, List.of(), List.of(), List.of(), List.of());
        assertThat(local(3, calendar(PARIS, "2026-10-25T01:15:00Z", daily)))
                .containsExactly("2026-10-25T02:15+01:00", "2026-10-26T02:15+01:00", "2026-10-27T02:15+01:00");
        assertThat(local(2, calendar(PARIS, "2026-10-25T00:15:00Z", daily)))
                .as("the first of both, once")
                .containsExactly("2026-10-25T02:15+02:00", "2026-10-26T02:15+01:00");
        CalendarRule atThree = rule(Unit.DAY, 1, List.of(3), List.of(0), List.of(), List.of());
        assertThat(local(1, calendar(PARIS, "2026-10-25T01:15:00Z", atThree)))
                .as("it is no time of its rule")
                .containsExactly("2026-10-25T03:00+01:00");
    }

    @ParameterizedTest
    @CsvSource({"FREQ=DAILY;COUNT=1, 1", "FREQ=DAILY;COUNT=2, 2", "FREQ=WEEKLY;COUNT=3, 3", "FREQ=DAILY, 4"})
    void countsAStartThatTheClocksShowTwiceAndFiresAtIt(String rule, int times) throws ScheduleException {
        Schedule schedule = rules(rule);
        List<Occurrence> found = first(4, schedule, NOW.minusSeconds(1));
        assertThat(found).hasSize(times);
        assertThat(found.getFirst().localTime()).hasToString("2027-10-31T02:30+01:00");
        assertThat(found.getFirst().note()).as("no note of the first time").isEmpty();
        assertThat(schedule.first(Instant.parse("2027-10-31T01:29:59Z"))).contains(found.getFirst());
    }

    @Test
    void leavesOutAStartThatTheClocksShowTwiceWhereItIsExcepted() throws ScheduleException {
        assertThat(first(1, rules("RRULE:FREQ=DAILY", "EXDATE:20271031T023000"), NOW)
                        .getFirst()
                        .localTime())
                .hasToString("2027-11-01T02:30+01:00");
    }

    private static Schedule rules(String... lines) throws ScheduleException {
        return Schedule.of(
                PARIS,
                Instant.parse("2027-10-31T01:30:00Z"),
                false,
                new Recurrence.Rules(RecurrenceSet.parse(List.of(lines))),
                Optional.empty());
    }

    @Test
    void firesOnceAtItsStartOrNowWhereThatIsPast() throws ScheduleException {
        Schedule past = Schedule.of(UTC, NOW.minusSeconds(60), false, new Recurrence.Once(), Optional.empty());
        Schedule future = Schedule.of(UTC, NOW.plusSeconds(60), false, new Recurrence.Once(), Optional.empty());
        assertThat(first(3, past, NOW)).extracting(Occurrence::time).containsExactly(NOW);
        assertThat(first(3, future, NOW)).extracting(Occurrence::time).containsExactly(NOW.plusSeconds(60));
    }

    @Test
    void firesOnTheGridOfItsStartWhereThatIsPast() throws ScheduleException {
        Schedule schedule = Schedule.of(
                UTC, NOW.minusSeconds(1000), false, new Recurrence.Elapsed(Duration.ofMinutes(7)), Optional.empty());
        assertThat(first(2, schedule, NOW))
                .extracting(Occurrence::time)
                .containsExactly(
                        NOW.minusSeconds(1000).plusSeconds(3 * 420),
                        NOW.minusSeconds(1000).plusSeconds(4 * 420));
    }

    @Test
    void firesAtOnceAndThenByItsScheduleWhereNoStartIsGiven() throws ScheduleException {
        Schedule schedule = Schedule.of(
                UTC,
                NOW,
                true,
                new Recurrence.Calendar(rule(Unit.DAY, 1, List.of(5, 17), List.of(15, 45), List.of(), List.of())),
                Optional.empty());
        assertThat(first(4, schedule, NOW))
                .extracting(occurrence -> occurrence.localTime().toString())
                .containsExactly("2026-11-29T10:20:30Z", "2026-11-29T17:15Z", "2026-11-29T17:45Z", "2026-11-30T05:15Z");
    }

    @Test
    void endsWithItsEndWhichCountsItself() throws ScheduleException {
        Schedule schedule = Schedule.of(
                UTC,
                NOW,
                false,
                new Recurrence.Elapsed(Duration.ofHours(1)),
                Optional.of(NOW.plus(Duration.ofHours(2))));
        assertThat(first(9, schedule, NOW.minusSeconds(1))).hasSize(3);
    }

    @Test
    void listsTheFormsOfThePortal() throws ScheduleException {
        assertThat(local(3, calendar(PARIS, "2026-12-01T07:05:00Z", CalendarRule.every(2, Unit.DAY))))
                .as("every second day")
                .containsExactly("2026-12-01T08:05+01:00", "2026-12-03T08:05+01:00", "2026-12-05T08:05+01:00");
        assertThat(local(
                        5,
                        calendar(
                                UTC,
                                "2026-12-02T08:00:00Z",
                                rule(
                                        Unit.WEEK,
                                        2,
                                        List.of(),
                                        List.of(),
                                        List.of(DayOfWeek.SUNDAY, DayOfWeek.WEDNESDAY),
                                        List.of()))))
                .as("every second week, which begins on Monday")
                .containsExactly(
                        "2026-12-02T08:00Z",
                        "2026-12-06T08:00Z",
                        "2026-12-16T08:00Z",
                        "2026-12-20T08:00Z",
                        "2026-12-30T08:00Z");
        assertThat(local(
                        4,
                        calendar(
                                UTC,
                                "2026-12-01T08:00:00Z",
                                rule(Unit.MONTH, 1, List.of(), List.of(), List.of(), List.of(1, 15, -1)))))
                .as("days of the month")
                .containsExactly("2026-12-01T08:00Z", "2026-12-15T08:00Z", "2026-12-31T08:00Z", "2027-01-01T08:00Z");
        assertThat(local(
                        4,
                        calendar(
                                UTC,
                                "2026-12-01T08:00:00Z",
                                rule(
                                        Unit.MONTH,
                                        1,
                                        List.of(5),
                                        List.of(15),
                                        List.of(),
                                        List.of(),
                                        new NthDay(DayOfWeek.FRIDAY, 1),
                                        new NthDay(DayOfWeek.FRIDAY, -1)))))
                .as("first and last Friday")
                .containsExactly("2026-12-04T05:15Z", "2026-12-25T05:15Z", "2027-01-01T05:15Z", "2027-01-29T05:15Z");
        assertThat(local(
                        3,
                        calendar(
                                UTC,
                                "2026-12-01T08:00:00Z",
                                rule(
                                        Unit.MONTH,
                                        1,
                                        List.of(),
                                        List.of(),
                                        List.of(),
                                        List.of(13),
                                        new NthDay(DayOfWeek.MONDAY, 0)))))
                .as("the 13th and each Monday")
                .containsExactly("2026-12-07T08:00Z", "2026-12-13T08:00Z", "2026-12-14T08:00Z");
        assertThat(local(
                        3,
                        calendar(
                                UTC,
                                "2026-12-01T08:00:00Z",
                                rule(
                                        Unit.MONTH,
                                        1,
                                        List.of(),
                                        List.of(),
                                        List.of(),
                                        List.of(),
                                        new NthDay(DayOfWeek.MONDAY, 5)))))
                .as("a fifth Monday is missing in most months")
                .containsExactly("2027-03-29T08:00Z", "2027-05-31T08:00Z", "2027-08-30T08:00Z");
        assertThat(local(3, calendar(UTC, "2026-01-31T08:00:00Z", CalendarRule.every(1, Unit.MONTH))))
                .as("short months have no 31st")
                .containsExactly("2026-01-31T08:00Z", "2026-03-31T08:00Z", "2026-05-31T08:00Z");
        assertThat(local(
                        3,
                        calendar(
                                UTC,
                                "2026-12-04T23:10:00Z",
                                rule(
                                        Unit.WEEK,
                                        1,
                                        List.of(),
                                        List.of(0, 15, 30, 45),
                                        List.of(DayOfWeek.MONDAY, DayOfWeek.FRIDAY),
                                        List.of()))))
                .as("minutes alone are of every hour")
                .containsExactly("2026-12-04T23:15Z", "2026-12-04T23:30Z", "2026-12-04T23:45Z");
        assertThat(local(
                        3,
                        calendar(
                                UTC,
                                "2026-12-04T10:10:40Z",
                                rule(Unit.DAY, 1, List.of(9, 20), List.of(), List.of(), List.of()))))
                .as("hours alone take the minute of the start")
                .containsExactly("2026-12-04T20:10Z", "2026-12-05T09:10Z", "2026-12-05T20:10Z");
    }

    @Test
    void movesATimeThatTheClocksSkip() throws ScheduleException {
        for (Schedule schedule : List.of(
                calendar(PARIS, "2027-03-27T01:30:00Z", CalendarRule.every(1, Unit.DAY)),
                cron(PARIS, "2027-03-27T01:30:00Z", "0 30 2 * * *"))) {
            List<Occurrence> found = first(3, schedule, schedule.start().minusSeconds(1));
            assertThat(found)
                    .extracting(occurrence -> occurrence.localTime().toString())
                    .containsExactly("2027-03-27T02:30+01:00", "2027-03-28T03:30+02:00", "2027-03-29T02:30+02:00");
            assertThat(found.get(0).note()).isEmpty();
            assertThat(found.get(1).note()).contains("The clocks skip 02:30 on this day: it fires at 03:30.");
            assertThat(found.get(2).note()).isEmpty();
        }
    }

    @Test
    void firesTheFirstTimeAloneWhereTheClocksShowATimeTwice() throws ScheduleException {
        for (Schedule schedule : List.of(
                calendar(PARIS, "2026-10-24T00:30:00Z", CalendarRule.every(1, Unit.DAY)),
                cron(PARIS, "2026-10-24T00:30:00Z", "0 30 2 * * *"))) {
            List<Occurrence> found = first(3, schedule, schedule.start().minusSeconds(1));
            assertThat(found)
                    .extracting(occurrence -> occurrence.localTime().toString())
                    .containsExactly("2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00");
            assertThat(found.get(1).note())
                    .contains("The clocks show 02:30 twice on this day: it fires the first time.");
        }
    }

    @Test
    void keepsTheOrderAndFiresOnceWhereAMovedTimeMeetsAnother() throws ScheduleException {
        Schedule schedule = calendar(
                PARIS,
                "2027-03-28T00:00:00Z",
                rule(Unit.DAY, 1, List.of(1, 2, 3), List.of(0, 30), List.of(), List.of()));
        assertThat(local(6, schedule))
                .containsExactly(
                        "2027-03-28T01:00+01:00",
                        "2027-03-28T01:30+01:00",
                        "2027-03-28T03:00+02:00",
                        "2027-03-28T03:30+02:00",
                        "2027-03-29T01:00+02:00",
                        "2027-03-29T01:30+02:00");
    }

    @Test
    void firesAMovedTimeBehindEarlierOnes() throws ScheduleException {
        Schedule schedule = cron(PARIS, "2027-03-28T00:10:00Z", "0 0,45 2,3 * * *");
        assertThat(local(3, schedule))
                .containsExactly("2027-03-28T03:00+02:00", "2027-03-28T03:45+02:00", "2027-03-29T02:00+02:00");
        Schedule odd = cron(PARIS, "2027-03-28T00:10:00Z", "0 50 2 * * *");
        assertThat(odd.after(Instant.parse("2027-03-28T01:10:00Z"))
                        .orElseThrow()
                        .localTime())
                .as("asked between the gap and the moved time")
                .hasToString("2027-03-28T03:50+02:00");
    }

    @Test
    void countsElapsedTimeInElapsedPeriodsAndInCronOfEachHour() throws ScheduleException {
        Schedule hours = Schedule.of(
                PARIS,
                Instant.parse("2026-03-28T23:00:00Z"),
                false,
                new Recurrence.Elapsed(Duration.ofHours(6)),
                Optional.empty());
        assertThat(local(2, hours)).containsExactly("2026-03-29T00:00+01:00", "2026-03-29T07:00+02:00");
        Schedule cron = cron(PARIS, "2026-10-25T00:00:00Z", "0 */30 * * * *");
        assertThat(local(6, cron))
                .containsExactly(
                        "2026-10-25T02:00+02:00",
                        "2026-10-25T02:30+02:00",
                        "2026-10-25T02:00+01:00",
                        "2026-10-25T02:30+01:00",
                        "2026-10-25T03:00+01:00",
                        "2026-10-25T03:30+01:00");
        assertThat(local(3, cron(PARIS, "2026-03-29T00:30:00Z", "0 */30 * * * *")))
                .containsExactly("2026-03-29T01:30+01:00", "2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00");
    }

    /** Fires in both of two equal hours, and leaves no hole: contract, 2.10, rule 1. */
    @Test
    void countsElapsedTimeInRecurrencesOfHoursWithMinutes() throws ScheduleException {
        CalendarRule halfHours = rule(Unit.HOUR, 1, List.of(), List.of(0, 30), List.of(), List.of());
        assertThat(local(6, calendar(PARIS, "2027-10-31T00:00:00Z", halfHours)))
                .containsExactly(
                        "2027-10-31T02:00+02:00",
                        "2027-10-31T02:30+02:00",
                        "2027-10-31T02:00+01:00",
                        "2027-10-31T02:30+01:00",
                        "2027-10-31T03:00+01:00",
                        "2027-10-31T03:30+01:00");
        assertThat(first(1, calendar(PARIS, "2027-10-31T00:00:00Z", halfHours), NOW))
                .first()
                .satisfies(twice -> assertThat(twice.note())
                        .hasValueSatisfying(note -> assertThat(note).contains("it fires both times")));
        CalendarRule evenHours = rule(Unit.HOUR, 2, List.of(), List.of(15), List.of(), List.of());
        assertThat(local(4, calendar(PARIS, "2027-03-27T23:00:00Z", evenHours)))
                .as("two hours elapse, whatever the clocks show")
                .containsExactly(
                        "2027-03-28T00:15+01:00",
                        "2027-03-28T03:15+02:00",
                        "2027-03-28T05:15+02:00",
                        "2027-03-28T07:15+02:00");
        CalendarRule ofSundays = rule(Unit.HOUR, 1, List.of(), List.of(0), List.of(DayOfWeek.SUNDAY), List.of());
        assertThat(local(2, calendar(PARIS, "2027-10-31T00:00:00Z", ofSundays)))
                .as("rules of days go by the clocks")
                .containsExactly("2027-10-31T02:00+02:00", "2027-10-31T03:00+01:00");
    }

    @Test
    void refusesARuleThatNeverFires() {
        for (int day : List.of(30, 31, -30)) {
            assertThatExceptionOfType(ScheduleException.class)
                    .as("day %s of each February", day)
                    .isThrownBy(() -> calendar(
                            UTC,
                            "2026-02-01T00:00:00Z",
                            rule(Unit.MONTH, 12, List.of(), List.of(), List.of(), List.of(day))))
                    .withMessageContaining("never fires");
        }
        assertThatExceptionOfType(ScheduleException.class)
                .as("minutes of an hour that the interval passes over")
                .isThrownBy(() -> calendar(
                        UTC, "2026-02-01T00:00:00Z", rule(Unit.HOUR, 24, List.of(5), List.of(), List.of(), List.of())));
    }

    /** Compares with each instant of a day-by-day scan, in the order of instants, in zones whose clocks change by odd amounts. */
    @ParameterizedTest
    @ValueSource(
            strings = {"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"})
    void agreesWithAScanOfDays(String name) throws ScheduleException {
        ZoneId zone = ZoneId.of(name);
        Random random = new Random(name.hashCode());
        for (int round = 0; round < 40; round++) {
            List<Integer> hours = List.of(random.nextInt(24), random.nextInt(4));
            List<Integer> minutes = List.of(random.nextInt(60), random.nextInt(60));
            int interval = random.nextInt(1, 4);
            LocalDateTime from = LocalDateTime.of(2011, 12, 20, 0, 0).plusDays(random.nextInt(5000));
            Instant start = from.atZone(zone).toInstant();
            TreeSet<Instant> expected = new TreeSet<>();
            for (int day = 0; day < 400; day += interval) {
                for (int hour : hours) {
                    for (int minute : minutes) {
                        LocalDateTime time = from.toLocalDate().plusDays(day).atTime(hour, minute);
                        if (!time.isBefore(LocalDateTime.ofInstant(start, zone))) {
                            expected.add(time.atZone(zone).toInstant());
                        }
                    }
                }
            }
            Instant limit = start.plus(390, ChronoUnit.DAYS);
            Schedule schedule =
                    calendar(zone, start.toString(), rule(Unit.DAY, interval, hours, minutes, List.of(), List.of()));
            List<Instant> found = first(2000, schedule, start.minusSeconds(1)).stream()
                    .map(Occurrence::time)
                    .takeWhile(time -> time.isBefore(limit))
                    .toList();
            assertThat(found)
                    .as("%s %s %s from %s every %s", name, hours, minutes, from, interval)
                    .containsExactlyElementsOf(expected.headSet(limit));
        }
    }

    @Test
    void findsTheNextTimeOfAnOldRuleWithoutWalkingThere() throws ScheduleException {
        Schedule schedule = calendar(
                UTC,
                "1970-01-01T00:00:00Z",
                rule(Unit.MINUTE, 7, List.of(9), List.of(), List.of(DayOfWeek.MONDAY), List.of()));
        Occurrence next = schedule.after(NOW).orElseThrow();
        assertThat(next.localTime().getDayOfWeek()).isEqualTo(DayOfWeek.MONDAY);
        assertThat(next.localTime().getHour()).isEqualTo(9);
        assertThat(Duration.between(schedule.start(), next.time()).toMinutes() % 7)
                .isZero();
    }

    /** Compares with a scan of each minute: intervals that meet their day, hour and minute seldom, and some that never do. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void findsTheNextTimeOfAnIntervalThatMeetsItSeldom(long seed) throws ScheduleException {
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            boolean ofHours = random.nextInt(3) == 0;
            int interval = ofHours ? random.nextInt(1, 60) : random.nextInt(1, 300);
            DayOfWeek day = DayOfWeek.of(random.nextInt(1, 8));
            int hour = random.nextInt(24);
            int minute = random.nextInt(60);
            Instant start = NOW.truncatedTo(ChronoUnit.MINUTES).plus(random.nextInt(10_000), ChronoUnit.MINUTES);
            CalendarRule rule = rule(
                    ofHours ? Unit.HOUR : Unit.MINUTE,
                    interval,
                    List.of(hour),
                    List.of(minute),
                    List.of(day),
                    List.of());
            LocalDateTime local = LocalDateTime.ofInstant(start, UTC);
            LocalDateTime period = ofHours ? local.truncatedTo(ChronoUnit.HOURS) : local;
            Optional<LocalDateTime> expected = Optional.empty();
            for (int i = 0; i <= 10_080 && expected.isEmpty(); i++) {
                LocalDateTime begin = period.plus((long) i * interval, ofHours ? ChronoUnit.HOURS : ChronoUnit.MINUTES);
                LocalDateTime time = ofHours ? begin.withMinute(minute) : begin;
                if (time.getDayOfWeek() == day
                        && time.getHour() == hour
                        && time.getMinute() == minute
                        && !time.isBefore(local)) {
                    expected = Optional.of(time);
                }
            }
            if (expected.isEmpty()) {
                assertThatExceptionOfType(ScheduleException.class)
                        .as("%s from %s", rule, start)
                        .isThrownBy(() -> calendar(UTC, start.toString(), rule));
                continue;
            }
            Schedule schedule = calendar(UTC, start.toString(), rule);
            assertThat(schedule.after(start.minusSeconds(1))
                            .map(next -> next.localTime().toLocalDateTime()))
                    .as("%s from %s", rule, start)
                    .isEqualTo(expected);
        }
    }

    @Test
    void findsATimeBehindMoreThanAThousandEmptyIntervals() throws ScheduleException {
        Schedule schedule = calendar(
                UTC,
                "2026-11-29T10:20:00Z",
                rule(Unit.MINUTE, 11, List.of(5), List.of(15), List.of(DayOfWeek.MONDAY), List.of()));
        List<Occurrence> found = first(3, schedule, NOW);
        assertThat(found).hasSize(3).allSatisfy(next -> {
            assertThat(next.localTime().getDayOfWeek()).isEqualTo(DayOfWeek.MONDAY);
            assertThat(next.localTime().toLocalTime()).isEqualTo("05:15");
            assertThat(Duration.between(schedule.start(), next.time()).toMinutes() % 11)
                    .isZero();
        });
        assertThat(Duration.between(found.get(0).time(), found.get(1).time())).hasDays(77);
    }

    @Test
    void listsTheTimesOfAnHourThatIsOnItsDays() throws ScheduleException {
        assertThat(local(
                        5,
                        calendar(
                                UTC,
                                "2026-11-29T10:20:30Z",
                                rule(
                                        Unit.HOUR,
                                        5,
                                        List.of(),
                                        List.of(10, 40),
                                        List.of(DayOfWeek.SUNDAY, DayOfWeek.TUESDAY),
                                        List.of()))))
                .containsExactly(
                        "2026-11-29T10:40Z",
                        "2026-11-29T15:10Z",
                        "2026-11-29T15:40Z",
                        "2026-11-29T20:10Z",
                        "2026-11-29T20:40Z");
    }

    @Test
    void countsTheFiringsThatWentByAndFindsTheLast() throws ScheduleException {
        Schedule minutely = cron(UTC, "2026-11-01T00:00:00Z", "0 * * * * *");
        Instant from = Instant.parse("2026-11-29T10:20:00Z");
        assertThat(minutely.passed(from, from.plusSeconds(59), 5)).isEqualTo(new Schedule.Passed(0, Optional.empty()));
        assertThat(minutely.passed(from, from.plusSeconds(150), 5))
                .isEqualTo(new Schedule.Passed(2, Optional.of(from.plusSeconds(120))));
        assertThat(minutely.passed(from, from.plus(Duration.ofDays(90)).plusSeconds(59), 5))
                .as("no more are counted, and the last is found all the same")
                .isEqualTo(new Schedule.Passed(5, Optional.of(from.plus(Duration.ofDays(90)))));
        Schedule elapsed = Schedule.of(
                UTC, from, false, new Recurrence.Elapsed(Duration.ofSeconds(7)), Optional.of(from.plusSeconds(1_000)));
        assertThat(elapsed.passed(from, from.plus(Duration.ofDays(90)), 5))
                .as("periods are counted by arithmetic, up to the end")
                .isEqualTo(new Schedule.Passed(142, Optional.of(from.plusSeconds(994))));
        assertThat(elapsed.passed(from.minusSeconds(1), from, 5)).isEqualTo(new Schedule.Passed(1, Optional.of(from)));
    }
}
