package io.muster.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.schedule.CalendarRule.Unit;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Repeats what people ran into with other schedulers: nights on which clocks change, ends of months, starts in the past. */
class ScheduleFieldCasesTest {
    private static final ZoneId UTC = ZoneId.of("UTC");

    /** Returns the times of an expression after one and up to another. */
    private static List<Instant> times(String zone, String expression, String after, String upTo)
            throws ScheduleException {
        Schedule schedule = Schedule.of(
                ZoneId.of(zone),
                Instant.parse(after).minusSeconds(1),
                false,
                new Recurrence.Cron(Ncrontab.parse(expression)),
                Optional.empty());
        return Stream.iterate(
                        schedule.after(Instant.parse(after)),
                        Optional::isPresent,
                        next -> schedule.after(next.get().time()))
                .map(next -> next.orElseThrow().time())
                .takeWhile(time -> !time.isAfter(Instant.parse(upTo)))
                .toList();
    }

    @ParameterizedTest
    @CsvSource({"0 30 4 1 * Mon", "0 30 4 1 * mON", "0 30 4 1 * MONDAY"})
    void matchesBothTheDayOfTheMonthAndTheDayOfTheWeek(String expression) throws ScheduleException {
        assertThat(Ncrontab.parse(expression).next(LocalDateTime.parse("2026-01-15T00:00:00")))
                .contains(LocalDateTime.parse("2026-06-01T04:30:00"));
    }

    @Test
    void firesAnHourLaterWhereItsTimeIsInTheGap() throws ScheduleException {
        // 01:59 of the Pacific's winter; 02:59 does not exist on that night.
        assertThat(times("America/Los_Angeles", "0 59 * * * *", "2018-03-11T09:59:00Z", "2018-03-11T12:00:00Z"))
                .containsExactly(Instant.parse("2018-03-11T10:59:00Z"), Instant.parse("2018-03-11T11:59:00Z"));
    }

    @Test
    void firesInBothOfTheRepeatedHours() throws ScheduleException {
        List<Instant> expected = new ArrayList<>();
        for (int i = 1; i <= 8; i++) {
            expected.add(Instant.parse("2026-10-25T00:00:00Z").plus(Duration.ofMinutes(15L * i)));
        }
        assertThat(times("Europe/Paris", "0 */15 * * * *", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"))
                .isEqualTo(expected);
    }

    @Test
    void firesOnceInARepeatedHour() throws ScheduleException {
        assertThat(times("Europe/Paris", "0 30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"))
                .containsExactly(Instant.parse("2026-10-25T00:30:00Z"));
    }

    @ParameterizedTest
    @CsvSource({"31, 7, 2026-03-31T06:00:00Z", "-1, 12, 2026-02-28T06:00:00Z"})
    void skipsMonthsWithoutTheDayAndCountsFromTheirEnd(int day, int timesAYear, String second)
            throws ScheduleException {
        CalendarRule rule = new CalendarRule(
                Unit.MONTH,
                1,
                new TreeSet<>(List.of(6)),
                new TreeSet<>(List.of(0)),
                new TreeSet<>(),
                new TreeSet<>(List.of(day)),
                List.of());
        Schedule schedule = Schedule.of(
                UTC,
                Instant.parse("2026-01-01T00:00:00Z"),
                false,
                new Recurrence.Calendar(rule),
                Optional.of(Instant.parse("2026-12-31T23:59:59Z")));
        List<Instant> found = Stream.iterate(
                        schedule.first(Instant.parse("2026-01-01T00:00:00Z")),
                        Optional::isPresent,
                        next -> schedule.after(next.get().time()))
                .map(next -> next.orElseThrow().time())
                .toList();
        assertThat(found).hasSize(timesAYear).contains(Instant.parse(second), Instant.parse("2026-12-31T06:00:00Z"));
    }

    @Test
    void keepsToTheGridOfAStartInThePast() throws ScheduleException {
        Schedule schedule = Schedule.of(
                UTC,
                Instant.parse("2026-02-03T09:00:00Z"),
                false,
                new Recurrence.Calendar(CalendarRule.every(3, Unit.DAY)),
                Optional.empty());
        Occurrence first = schedule.first(Instant.parse("2026-02-10T10:30:00Z")).orElseThrow();
        assertThat(first.time()).isEqualTo(Instant.parse("2026-02-12T09:00:00Z"));
        assertThat(schedule.after(first.time()).orElseThrow().time()).isEqualTo(Instant.parse("2026-02-15T09:00:00Z"));
    }
}
