package io.muster.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests recurrence sets of RFC 5545: the forms that no other schedule has, clocks that change, ends, exceptions, and what hostile people write. */
class RecurrenceSetTest {
    private static final ZoneId PARIS = ZoneId.of("Europe/Paris");

    private static Schedule schedule(String start, String... lines) throws ScheduleException {
        Instant first = LocalDateTime.parse(start).atZone(PARIS).toInstant();
        return Schedule.of(
                PARIS, first, false, new Recurrence.Rules(RecurrenceSet.parse(Arrays.asList(lines))), Optional.empty());
    }

    private static List<Occurrence> first(int most, Schedule schedule) {
        return Stream.iterate(
                        schedule.first(schedule.start()),
                        Optional::isPresent,
                        last -> schedule.after(last.orElseThrow().time()))
                .map(Optional::orElseThrow)
                .limit(most)
                .toList();
    }

    private static List<String> times(int most, String start, String... lines) throws ScheduleException {
        return first(most, schedule(start, lines)).stream()
                .map(occurrence -> occurrence.localTime().toString())
                .toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # The last Sunday of each March
            2026-01-01T09:00 | FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU                  | 2026-03-29 2027-03-28 2028-03-26
            # The last working day of each month
            2026-11-01T09:00 | FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1     | 2026-11-30 2026-12-31 2027-01-29
            # Leap days
            2026-01-01T09:00 | FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29               | 2028-02-29 2032-02-29 2036-02-29
            2028-02-29T09:00 | FREQ=YEARLY                                       | 2028-02-29 2032-02-29 2036-02-29
            # Every Friday the 13th
            2026-01-01T09:00 | FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13               | 2026-02-13 2026-03-13 2026-11-13
            # A Monday of a week of the year, and the day of the year from its end
            2026-01-01T09:00 | FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO                  | 2026-05-11 2027-05-17 2028-05-15
            2026-12-30T09:00 | FREQ=YEARLY;BYWEEKNO=53;BYDAY=SA                  | 2027-01-02 2033-01-01 2038-01-02
            2026-01-01T09:00 | FREQ=YEARLY;BYYEARDAY=-1,100                      | 2026-04-10 2026-12-31 2027-04-10
            # Of each month, though the frequency is of years
            2026-10-15T09:00 | FREQ=YEARLY;BYMONTHDAY=1                          | 2026-11-01 2026-12-01 2027-01-01
            # A start that does not match is no time, and is not counted
            2026-11-30T09:00 | FREQ=WEEKLY;BYDAY=TU;COUNT=2                      | 2026-12-01 2026-12-08
            # The first day of the week decides which weeks are the second
            1997-08-05T09:00 | FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO | 1997-08-05 1997-08-10 1997-08-19 1997-08-24
            1997-08-05T09:00 | FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU | 1997-08-05 1997-08-17 1997-08-19 1997-08-31
            1997-08-05T09:00 | FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU         | 1997-08-05 1997-08-10 1997-08-19 1997-08-24
            # Every day in January, for three years
            2026-01-30T09:00 | FREQ=DAILY;UNTIL=20280131T080000Z;BYMONTH=1        | 2026-01-30 2026-01-31 2027-01-01
            2026-03-02T09:00 | FREQ=DAILY;INTERVAL=10;COUNT=3                     | 2026-03-02 2026-03-12 2026-03-22
            """)
    void listsDays(String start, String rule, String days) throws ScheduleException {
        assertThat(times(4, start, rule))
                .as(rule)
                .startsWith(Arrays.stream(days.split(" "))
                        .map(day -> LocalDateTime.parse(day + "T09:00")
                                .atZone(PARIS)
                                .toOffsetDateTime()
                                .toString())
                        .toArray(String[]::new));
    }

    @Test
    void listsTimesOfDaysByTheirHoursAndMinutes() throws ScheduleException {
        assertThat(times(5, "2026-11-30T06:00", "RRULE:FREQ=DAILY;BYHOUR=5,17;BYMINUTE=15,45"))
                .containsExactly(
                        "2026-11-30T17:15+01:00",
                        "2026-11-30T17:45+01:00",
                        "2026-12-01T05:15+01:00",
                        "2026-12-01T05:45+01:00",
                        "2026-12-01T17:15+01:00");
    }

    /** Contract: webjobs-and-schedules, 2.10 (1), (2), (5). */
    @Test
    void goesByClocksOrByWhatElapses() throws ScheduleException {
        assertThat(times(3, "2026-03-28T02:30", "FREQ=DAILY"))
                .as("moved on by the gap")
                .containsExactly("2026-03-28T02:30+01:00", "2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00");
        assertThat(times(3, "2026-10-24T02:30", "FREQ=DAILY"))
                .as("the first of two")
                .containsExactly("2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00");
        assertThat(times(4, "2026-10-25T01:30", "FREQ=MINUTELY;INTERVAL=30"))
                .as("both of two equal hours")
                .containsExactly(
                        "2026-10-25T01:30+02:00",
                        "2026-10-25T02:00+02:00",
                        "2026-10-25T02:30+02:00",
                        "2026-10-25T02:00+01:00");
        assertThat(times(2, "2026-03-28T20:00", "FREQ=HOURLY;INTERVAL=6"))
                .containsExactly("2026-03-28T20:00+01:00", "2026-03-29T03:00+02:00");
        assertThat(times(4, "2026-10-23T12:00", "FREQ=HOURLY;INTERVAL=12;BYDAY=SA,SU"))
                .as("with days, by the clocks")
                .containsExactly(
                        "2026-10-24T00:00+02:00",
                        "2026-10-24T12:00+02:00",
                        "2026-10-25T00:00+02:00",
                        "2026-10-25T12:00+01:00");
        assertThat(first(2, schedule("2026-03-28T02:30", "FREQ=DAILY"))
                        .getLast()
                        .note())
                .hasValueSatisfying(note -> assertThat(note).contains("The clocks skip 02:30"));
    }

    @Test
    void endsByTheInstantThatUntilNames() throws ScheduleException {
        assertThat(times(9, "2026-11-30T09:00", "FREQ=DAILY;UNTIL=20261202T080000Z"))
                .hasSize(3);
        assertThat(times(9, "2026-11-30T09:00", "FREQ=DAILY;UNTIL=20261202T075959Z"))
                .hasSize(2);
        assertThat(times(9, "2026-11-30T09:00", "FREQ=DAILY;UNTIL=20261202T090000"))
                .hasSize(3);
        assertThat(times(9, "2026-11-30T09:00", "FREQ=DAILY;UNTIL=20261202")).hasSize(3);
    }

    @Test
    void joinsRulesAndDatesAndLeavesExceptionsOut() throws ScheduleException {
        assertThat(times(
                        9,
                        "2026-12-01T09:00",
                        "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3",
                        "rrule:freq=monthly;bymonthday=15;count=2",
                        "RDATE;TZID=America/New_York:20261224T090000",
                        "RDATE:20261201T080000Z,20200101T090000",
                        "EXDATE:20261208T090000",
                        "EXDATE;VALUE=DATE:20270115"))
                .containsExactly("2026-12-01T09:00+01:00", "2026-12-15T09:00+01:00", "2026-12-24T15:00+01:00");
        assertThat(times(2, "2026-12-01T00:00", "FREQ=MINUTELY", "EXDATE:20261201,20261202,20261203"))
                .containsExactly("2026-12-04T00:00+01:00", "2026-12-04T00:01+01:00");
        assertThat(times(3, "2026-03-28T02:30", "FREQ=DAILY", "EXDATE:20260329T023000"))
                .as("an exception is moved on as its time is")
                .containsExactly("2026-03-28T02:30+01:00", "2026-03-30T02:30+02:00", "2026-03-31T02:30+02:00");
    }

    @Test
    void countsFromItsStartHoweverLateItIsAsked() throws ScheduleException {
        Schedule schedule = schedule("2026-11-30T09:00", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=600");
        Instant last = LocalDateTime.parse("2076-10-31T09:00").atZone(PARIS).toInstant();
        assertThat(schedule.after(last.minusSeconds(1)).orElseThrow().time()).isEqualTo(last);
        assertThat(schedule.after(last)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            FREQ=SECONDLY                           | by the minute at most
            FREQ=DAILY;INTERVAL=0                   | INTERVAL is a number from 1 to 1000
            FREQ=DAILY;INTERVAL=99999999999         | INTERVAL is a number
            FREQ=YEARLY;INTERVAL=11                 | INTERVAL is a number from 1 to 10
            FREQ=DAILY;COUNT=1001                   | COUNT is a number from 1 to 1000
            FREQ=DAILY;COUNT=2;UNTIL=20270101       | COUNT or UNTIL
            FREQ=DAILY;UNTIL=20270230               | UNTIL takes
            FREQ=DAILY;UNTIL=20200101               | never fires
            FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30     | never fires
            FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30      | never fires
            FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30     | never fires
            FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30   | never fires
            FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1     | never fires
            FREQ=YEARLY;INTERVAL=10;BYMONTH=2;BYMONTHDAY=30 | never fires
            FREQ=YEARLY;BYWEEKNO=1;BYMONTH=6        | BYWEEKNO goes with BYDAY alone
            FREQ=DAILY;BYHOUR=24                    | BYHOUR takes numbers from 0 to 23
            FREQ=MONTHLY;BYMONTHDAY=0               | BYMONTHDAY takes numbers from 1 to 31, or from -1 to -31
            FREQ=MONTHLY;BYDAY=6MO                  | five weeks
            FREQ=WEEKLY;BYDAY=1MO                   | go with MONTHLY
            FREQ=WEEKLY;BYDAY=XX                    | BYDAY takes days
            FREQ=WEEKLY;WKST=1                      | WKST takes
            FREQ=WEEKLY;BYMONTHDAY=1                | BYMONTHDAY does not go
            FREQ=MONTHLY;BYWEEKNO=1                 | BYWEEKNO goes with
            FREQ=MONTHLY;BYYEARDAY=1                | BYYEARDAY does not go
            FREQ=DAILY;BYSECOND=0,30                | one second
            FREQ=HOURLY;BYMINUTE=1,2;BYSETPOS=1     | BYSETPOS counts days
            FREQ=MONTHLY;BYHOUR=1,2;BYSETPOS=1      | one time of day
            FREQ=YEARLY;BYWEEKNO=1,2;BYSETPOS=1     | BYWEEKNO goes with BYDAY alone
            FREQ=YEARLY;BYMONTHDAY=1;BYDAY=1MO      | where BYMONTH names the months
            FREQ=DAILY;FREQ=DAILY                   | once
            FREQ=DAILY;                             | with a semicolon between
            FREQ=DAILY;RSCALE=CHINESE               | no other
            INTERVAL=2                              | FREQ is
            ''                                      | parts such as
            RRULE;X=Y:FREQ=DAILY                    | RRULE has no parameters
            DTSTART:20260101T000000                 | startTime
            EXRULE:FREQ=DAILY                       | begins with RRULE:
            EXDATE:20270101                         | Give a rule
            RDATE:20270101                          | RDATE takes a date with a time
            RDATE:20200101T000000                   | before its start
            RDATE;TZID=Mars/Phobos:20270101T000000  | one of the IANA's
            RDATE;X=1:20270101T000000               | no other
            FREQ=DAILY;BYHOUR=ß                     | ASCII
            """)
    void refusesWithASentenceThatNamesThePart(String line, String why) {
        assertThatThrownBy(() -> schedule("2026-11-30T09:00", line))
                .as(line)
                .isInstanceOf(ScheduleException.class)
                .message()
                .contains(why)
                .endsWith(".");
    }

    @Test
    void refusesTooMuchOfAnything() {
        String[] rules = IntStream.range(0, 11).mapToObj(_ -> "FREQ=DAILY").toArray(String[]::new);
        assertThatThrownBy(() -> schedule("2026-11-30T09:00", rules)).hasMessageContaining("10 rules");
        assertThatThrownBy(() -> schedule("2026-11-30T09:00", "FREQ=DAILY;COUNT=501", "FREQ=DAILY;COUNT=500"))
                .hasMessageContaining("1000 times in all");
        String dates = "EXDATE:"
                + String.join(
                        ",", IntStream.range(0, 101).mapToObj(_ -> "20270101").toList());
        assertThatThrownBy(() -> schedule("2026-11-30T09:00", "FREQ=DAILY", dates))
                .hasMessageContaining("100 dates");
        assertThatThrownBy(() -> schedule("2026-11-30T09:00", "FREQ=DAILY;BYMONTH=1" + ",1".repeat(3000)))
                .hasMessageContaining("4096 characters");
        assertThatThrownBy(() -> Schedule.of(
                        PARIS,
                        Instant.parse("+10000-01-01T00:00:00Z"),
                        false,
                        new Recurrence.Rules(RecurrenceSet.parse(List.of("FREQ=YEARLY"))),
                        Optional.empty()))
                .hasMessageContaining("years 1 to 9999");
    }

    /** Times that are rare, or excepted again and again, cost little: a planner asks at each firing. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "FREQ=MINUTELY;INTERVAL=997;BYMONTH=2;BYMONTHDAY=29;BYHOUR=3",
                "FREQ=HOURLY;INTERVAL=999;BYMONTH=12;BYMONTHDAY=31;BYDAY=SU",
                "FREQ=DAILY;INTERVAL=1000;BYMONTHDAY=13;BYDAY=FR",
                "FREQ=YEARLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29",
                "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23",
                "FREQ=MINUTELY;COUNT=1000"
            })
    void findsTheNextTimeInABoundedTime(String rule) {
        List<String> lines = new ArrayList<>(List.of(rule));
        lines.add("EXDATE:"
                + String.join(
                        ",",
                        IntStream.range(10, 99)
                                .mapToObj(year -> "20" + year + "0228")
                                .toList()));
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            try {
                Schedule schedule = schedule("1901-01-01T03:00", lines.toArray(String[]::new));
                for (int i = 0; i < 20; i++) {
                    schedule.after(Instant.parse("2026-11-30T10:00:00Z").plus(Duration.ofDays(i)));
                }
            } catch (ScheduleException e) {
                assertThat(e).hasMessageContaining("never fires");
            }
        });
    }
}
