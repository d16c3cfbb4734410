package io.muster.schedule;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Lists local times on days of the calendar, as Azure Scheduler's recurrences do. Every list may be empty. The times of a day are all
 * combinations of hours and minutes: with hours alone the minute is the start's, with minutes alone they are of every hour, with neither the time
 * is the start's. Immutable.
 *
 * @param unit in which the interval is counted; weeks begin on Monday
 * @param interval 1 or more: every so many units, counted from the start
 * @param weekDays on which it fires; for weeks without any, the start's; null elements are none
 * @param monthDays of months: 1 is the first, -1 the last; a month that has no such day is passed over
 * @param nthDays of months, such as the last Friday; days of both lists count
 */
public record CalendarRule(
        Unit unit,
        int interval,
        SortedSet<Integer> hours,
        SortedSet<Integer> minutes,
        SortedSet<DayOfWeek> weekDays,
        SortedSet<Integer> monthDays,
        List<NthDay> nthDays) {

    /** Names what intervals are counted in. */
    public enum Unit {
        MINUTE("MINUTELY", 1000),
        HOUR("HOURLY", 1000),
        DAY("DAILY", 548),
        WEEK("WEEKLY", 78),
        MONTH("MONTHLY", 18);

        private final String frequency;
        private final int longest;

        Unit(String frequency, int longest) {
            this.frequency = frequency;
            this.longest = longest;
        }

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Names days of a month by the day of the week.
     *
     * @param nth 1 for the first in a month, -1 for the last, up to 5 and -5; 0 for each
     */
    public record NthDay(DayOfWeek day, int nth) {}

    private static final int HOURS = 24;
    private static final int LAST_HOUR = 23;
    private static final int LAST_MINUTE = 59;
    private static final int LAST_DAY = 31;
    private static final int LAST_WEEK = 5;

    /** Makes one of copies. */
    public CalendarRule {
        hours = new TreeSet<>(hours);
        minutes = new TreeSet<>(minutes);
        weekDays = new TreeSet<>(weekDays);
        monthDays = new TreeSet<>(monthDays);
        nthDays = List.copyOf(nthDays);
        Optional<String> wrong = wrong(unit, interval, hours, minutes, weekDays, monthDays, nthDays);
        if (wrong.isPresent()) {
            throw new IllegalArgumentException(wrong.get());
        }
    }

    /** Makes one of what a person wrote. @throws ScheduleException when a number is none that it can be, or a list is not of the unit */
    public static CalendarRule of(
            Unit unit,
            int interval,
            SortedSet<Integer> hours,
            SortedSet<Integer> minutes,
            SortedSet<DayOfWeek> weekDays,
            SortedSet<Integer> monthDays,
            List<NthDay> nthDays)
            throws ScheduleException {
        Optional<String> wrong = wrong(unit, interval, hours, minutes, weekDays, monthDays, nthDays);
        if (wrong.isPresent()) {
            throw new ScheduleException(wrong.get());
        }
        return new CalendarRule(unit, interval, hours, minutes, weekDays, monthDays, nthDays);
    }

    private static Optional<String> wrong(
            Unit unit,
            int interval,
            SortedSet<Integer> hours,
            SortedSet<Integer> minutes,
            SortedSet<DayOfWeek> weekDays,
            SortedSet<Integer> monthDays,
            List<NthDay> nthDays) {
        if (interval < 1 || interval > unit.longest) {
            return Optional.of("recurrence.interval is a number from 1 to " + unit.longest + " with the frequency "
                    + unit.word() + ".");
        }
        if (!isWithin(hours, 0, LAST_HOUR)) {
            return Optional.of("schedule.hours takes numbers from 0 to " + LAST_HOUR + ".");
        }
        if (!isWithin(minutes, 0, LAST_MINUTE)) {
            return Optional.of("schedule.minutes takes numbers from 0 to " + LAST_MINUTE + ".");
        }
        if (!isWithin(monthDays, -LAST_DAY, LAST_DAY) || monthDays.contains(0)) {
            return Optional.of(
                    "schedule.monthDays takes days from 1 to 31, or from -1 to -31 before the end of the month.");
        }
        if (nthDays.stream().anyMatch(day -> Math.abs(day.nth()) > LAST_WEEK)) {
            return Optional.of(
                    "Occurrence of schedule.monthlyOccurrences is 1 to 5, or -1 to -5 from the end of the month.");
        }
        if (!weekDays.isEmpty() && (unit == Unit.DAY || unit == Unit.MONTH)) {
            return Optional.of(
                    "schedule.weekDays goes with the frequency week. For days of a month use monthlyOccurrences.");
        }
        return unit == Unit.MONTH || (monthDays.isEmpty() && nthDays.isEmpty())
                ? Optional.empty()
                : Optional.of("schedule.monthDays and schedule.monthlyOccurrences go with the frequency month.");
    }

    private static boolean isWithin(SortedSet<Integer> numbers, int least, int most) {
        return numbers.isEmpty() || (numbers.first() >= least && numbers.last() <= most);
    }

    /** Makes one that repeats its start's time of day. */
    public static CalendarRule every(int interval, Unit unit) {
        return new CalendarRule(
                unit, interval, new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), List.of());
    }

    /** Returns whether it goes by what has elapsed and not by the clocks: it counts minutes or hours, and names neither hours nor days. Contract: webjobs-and-schedules, 2.10, rule 1. */
    boolean isElapsed() {
        return (unit == Unit.MINUTE || unit == Unit.HOUR) && hours.isEmpty() && weekDays.isEmpty();
    }

    /** Returns whether it fires at all, if it starts then: an interval of twelve months may never come to a 30th, one of two hours to a quarter past 3. */
    boolean everFires(LocalDateTime start) {
        return times(start, start).hasNext();
    }

    /**
     * Lists local times in their order, each once.
     *
     * @param start from which intervals are counted, and before which there is none
     * @param from before which none is listed either
     */
    Iterator<LocalDateTime> times(LocalDateTime start, LocalDateTime from) {
        LocalDateTime first = from.isBefore(start) ? start : from;
        if (unit == Unit.MINUTE || unit == Unit.HOUR) {
            return new PeriodTimes(period(start), start, first);
        }
        LocalDateTime anchor = anchor(start.toLocalDate(), first.toLocalDate()).atStartOfDay();
        List<RuleTimes> each = rules(start).stream()
                .map(rule -> new RuleTimes(rule, anchor, first))
                .toList();
        return new Merged(each);
    }

    private PeriodTimes.Period period(LocalDateTime start) {
        boolean atStart = hours.isEmpty() && minutes.isEmpty();
        return new PeriodTimes.Period(
                unit == Unit.HOUR ? ChronoUnit.HOURS : ChronoUnit.MINUTES,
                interval,
                day -> Stream.iterate(day, next -> next.plusDays(1))
                        .filter(next -> weekDays.isEmpty() || weekDays.contains(next.getDayOfWeek()))
                        .findFirst(),
                hours,
                minutes,
                atStart ? start.getSecond() : 0);
    }

    /** Returns the begin of the last interval that begins at or before a day, so that a rule need not count from its start. */
    private LocalDate anchor(LocalDate start, LocalDate day) {
        return switch (unit) {
            case MINUTE, HOUR, DAY -> start.plusDays(whole(ChronoUnit.DAYS.between(start, day)));
            case WEEK -> {
                LocalDate monday = start.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
                yield monday.plusWeeks(whole(ChronoUnit.WEEKS.between(monday, day)));
            }
            case MONTH -> {
                LocalDate month = start.withDayOfMonth(1);
                yield month.plusMonths(whole(ChronoUnit.MONTHS.between(month, day)));
            }
        };
    }

    private long whole(long units) {
        return units - units % interval;
    }

    private List<String> rules(LocalDateTime start) {
        String base = "FREQ=" + unit.frequency + ";INTERVAL=" + interval + timesOfDay(start);
        List<String> texts = new ArrayList<>();
        switch (unit) {
            case WEEK ->
                texts.add(
                        base + ";WKST=MO;BYDAY=" + days(weekDays.isEmpty() ? List.of(start.getDayOfWeek()) : weekDays));
            case MONTH -> {
                if (!monthDays.isEmpty() || nthDays.isEmpty()) {
                    texts.add(base + ";BYMONTHDAY="
                            + numbers(monthDays.isEmpty() ? List.of(start.getDayOfMonth()) : monthDays));
                }
                if (!nthDays.isEmpty()) {
                    texts.add(base + ";BYDAY="
                            + nthDays.stream()
                                    .map(day -> (day.nth() == 0 ? "" : day.nth()) + code(day.day()))
                                    .collect(Collectors.joining(",")));
                }
            }
            case MINUTE, HOUR, DAY -> texts.add(base);
        }
        return texts;
    }

    private String timesOfDay(LocalDateTime start) {
        LocalTime time = start.toLocalTime();
        boolean atStart = hours.isEmpty() && minutes.isEmpty();
        String second = ";BYSECOND=" + (atStart ? time.getSecond() : 0);
        String minute = ";BYMINUTE=" + numbers(minutes.isEmpty() ? List.of(time.getMinute()) : minutes);
        Collection<Integer> all = atStart
                ? List.of(time.getHour())
                : hours.isEmpty() ? IntStream.range(0, HOURS).boxed().toList() : hours;
        return ";BYHOUR=" + numbers(all) + minute + second;
    }

    private static String numbers(Collection<Integer> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    private static String days(Collection<DayOfWeek> days) {
        return days.stream().map(CalendarRule::code).collect(Collectors.joining(","));
    }

    private static String code(DayOfWeek day) {
        return day.name().substring(0, 2);
    }

    /** Brings the times of several rules into one order. For one thread. */
    private static final class Merged implements Iterator<LocalDateTime> {
        private final List<RuleTimes> each;

        Merged(List<RuleTimes> each) {
            this.each = each;
        }

        @Override
        public boolean hasNext() {
            return each.stream().anyMatch(times -> times.next() != null);
        }

        @Override
        public LocalDateTime next() {
            LocalDateTime least = each.stream()
                    .map(RuleTimes::next)
                    .filter(Objects::nonNull)
                    .min(LocalDateTime::compareTo)
                    .orElseThrow(NoSuchElementException::new);
            for (RuleTimes times : each) {
                if (least.equals(times.next())) {
                    times.advance();
                }
            }
            return least;
        }
    }
}
