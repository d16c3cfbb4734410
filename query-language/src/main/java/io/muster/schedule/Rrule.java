package io.muster.schedule;

import io.muster.schedule.CalendarRule.NthDay;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.time.temporal.TemporalField;
import java.time.temporal.WeekFields;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Is one rule of RFC 5545, 3.3.10, but for seconds as a frequency. Parts that it does not give are the start's, as the RFC has it; a start that does not match is no time of the
 * rule. Its times of day are all combinations of hours and minutes. Immutable.
 *
 * @param until as it was written; empty where there is none
 * @param numbers of the parts that it gives
 * @param days of BYDAY
 */
record Rrule(
        Frequency frequency,
        int interval,
        DayOfWeek weekStart,
        OptionalInt count,
        Optional<RuleDate> until,
        Map<Part, SortedSet<Integer>> numbers,
        List<NthDay> days) {
    /** Bounds how far ahead a time is looked for. */
    private static final int YEARS = 40;

    private static final int DAYS_OF_FIRST_WEEK = 4;

    /** Names what intervals are counted in. */
    enum Frequency {
        MINUTELY(1000),
        HOURLY(1000),
        DAILY(1000),
        WEEKLY(520),
        MONTHLY(120),
        YEARLY(10);

        /** Bounds the interval. */
        final int longest;

        Frequency(int longest) {
            this.longest = longest;
        }

        /** Returns whether an interval is shorter than a day. */
        boolean isOfDay() {
            return this == MINUTELY || this == HOURLY;
        }
    }

    /** Names the parts that list numbers. */
    enum Part {
        BYMONTH(1, 12, false),
        BYWEEKNO(1, 53, true),
        BYYEARDAY(1, 366, true),
        BYMONTHDAY(1, 31, true),
        BYHOUR(0, 23, false),
        BYMINUTE(0, 59, false),
        BYSECOND(0, 59, false),
        BYSETPOS(1, 366, true);

        final int least;
        final int most;
        /** Says whether numbers may count from the end: -1 is the last. */
        final boolean fromEnd;

        Part(int least, int most, boolean fromEnd) {
            this.least = least;
            this.most = most;
            this.fromEnd = fromEnd;
        }
    }

    private SortedSet<Integer> of(Part part) {
        return numbers.getOrDefault(part, new TreeSet<>());
    }

    /** Returns whether it goes by what elapses, and not by clocks: an interval of minutes or hours, on any day and in any hour. Contract: webjobs-and-schedules, 2.10 (1). */
    boolean isElapsed() {
        return frequency.isOfDay()
                && days.isEmpty()
                && Stream.of(Part.BYMONTH, Part.BYMONTHDAY, Part.BYYEARDAY, Part.BYHOUR)
                        .allMatch(part -> of(part).isEmpty());
    }

    /**
     * Lists its times in their order, each once, and none that is more than {@value #YEARS} years ahead.
     *
     * @param start from which intervals are counted, and before which there is none
     * @param from before which none is listed either
     */
    Iterator<LocalDateTime> times(LocalDateTime start, LocalDateTime from) {
        LocalDateTime first = from.isBefore(start) ? start : from;
        int second = of(Part.BYSECOND).stream().findFirst().orElse(start.getSecond());
        if (frequency.isOfDay()) {
            PeriodTimes.Period period = new PeriodTimes.Period(
                    frequency == Frequency.HOURLY ? ChronoUnit.HOURS : ChronoUnit.MINUTES,
                    interval,
                    this::firstOn,
                    of(Part.BYHOUR),
                    of(Part.BYMINUTE),
                    second);
            return new PeriodTimes(period, start.withSecond(second), first);
        }
        List<LocalTime> times = orElse(Part.BYHOUR, start.getHour()).stream()
                .flatMap(hour -> orElse(Part.BYMINUTE, start.getMinute()).stream()
                        .map(minute -> LocalTime.of(hour, minute, second)))
                .toList();
        LocalDate last = first.toLocalDate().plusYears(YEARS);
        return days(start.toLocalDate(), first.toLocalDate())
                .takeWhile(day -> !day.isAfter(last))
                .filter(this::isInWeek)
                .flatMap(day -> times.stream().map(day::atTime))
                .dropWhile(time -> time.isBefore(first))
                .iterator();
    }

    private SortedSet<Integer> orElse(Part part, int other) {
        return of(part).isEmpty() ? new TreeSet<>(List.of(other)) : of(part);
    }

    /** Returns the first day from one on that is one of those that limit it; empty where none is within {@value #YEARS} years. */
    private Optional<LocalDate> firstOn(LocalDate from) {
        LocalDate last = from.plusYears(YEARS);
        LocalDate day = from;
        while (!isOn(day)) {
            boolean ofOtherMonth = !isAmong(Part.BYMONTH, day.getMonthValue(), 0);
            day = ofOtherMonth ? day.plusMonths(1).withDayOfMonth(1) : day.plusDays(1);
            if (day.isAfter(last)) {
                return Optional.empty();
            }
        }
        return Optional.of(day);
    }

    /** Returns whether a day is one of those that limit a rule of days or shorter intervals. */
    private boolean isOn(LocalDate day) {
        return isAmong(Part.BYMONTH, day.getMonthValue(), 0)
                && isAmong(Part.BYMONTHDAY, day.getDayOfMonth(), day.lengthOfMonth())
                && isAmong(Part.BYYEARDAY, day.getDayOfYear(), day.lengthOfYear())
                && (days.isEmpty() || days.stream().anyMatch(named -> named.day() == day.getDayOfWeek()));
    }

    private boolean isAmong(Part part, int number, int length) {
        SortedSet<Integer> listed = of(part);
        return listed.isEmpty() || listed.contains(number) || part.fromEnd && listed.contains(number - length - 1);
    }

    /** Returns whether a day is in one of the weeks that are named: the library lists the first week of the next year where a year has no 53rd. */
    private boolean isInWeek(LocalDate day) {
        TemporalField week = WeekFields.of(weekStart, DAYS_OF_FIRST_WEEK).weekOfWeekBasedYear();
        return isAmong(Part.BYWEEKNO, day.get(week), (int) day.range(week).getMaximum());
    }

    private Stream<LocalDate> days(LocalDate start, LocalDate from) {
        if (frequency == Frequency.DAILY) {
            LocalDate first = start.plusDays(whole(ChronoUnit.DAYS.between(start, from)));
            LocalDate last = from.plusYears(YEARS);
            return Stream.iterate(first, day -> !day.isAfter(last), day -> day.plusDays(interval))
                    .filter(this::isOn);
        }
        RuleTimes found = new RuleTimes(text(start), anchor(start, from).atStartOfDay(), from.atStartOfDay());
        return Stream.generate(() -> {
                    Optional<LocalDate> day = Optional.ofNullable(found.next()).map(LocalDateTime::toLocalDate);
                    found.advance();
                    return day;
                })
                .takeWhile(Optional::isPresent)
                .map(Optional::get);
    }

    /** Returns the begin of the interval before the one of a day, or of the first: a week of a year may reach into the next. */
    private LocalDate anchor(LocalDate start, LocalDate day) {
        return switch (frequency) {
            case WEEKLY -> {
                LocalDate week = start.with(TemporalAdjusters.previousOrSame(weekStart));
                yield week.plusWeeks(before(ChronoUnit.WEEKS.between(week, day)));
            }
            case MONTHLY -> {
                LocalDate month = start.withDayOfMonth(1);
                yield month.plusMonths(before(ChronoUnit.MONTHS.between(month, day)));
            }
            case YEARLY -> {
                LocalDate year = start.withDayOfYear(1);
                yield year.plusYears(before(ChronoUnit.YEARS.between(year, day)));
            }
            case MINUTELY, HOURLY, DAILY -> throw new IllegalStateException("counts days itself");
        };
    }

    private long whole(long units) {
        return units - units % interval;
    }

    private long before(long units) {
        return Math.max(0, whole(units) - interval);
    }

    /** Returns the rule of its days for the library, with the parts that it leaves to the start. */
    private String text(LocalDate start) {
        Map<Part, SortedSet<Integer>> all = new EnumMap<>(Part.class);
        all.putAll(numbers);
        List<NthDay> named = days;
        boolean leavesDay = days.isEmpty() && !all.containsKey(Part.BYMONTHDAY) && !all.containsKey(Part.BYYEARDAY);
        if (leavesDay && (frequency == Frequency.WEEKLY || all.containsKey(Part.BYWEEKNO))) {
            named = List.of(new NthDay(start.getDayOfWeek(), 0));
        } else if (leavesDay) {
            all.put(Part.BYMONTHDAY, new TreeSet<>(List.of(start.getDayOfMonth())));
            if (frequency == Frequency.YEARLY) {
                all.putIfAbsent(Part.BYMONTH, new TreeSet<>(List.of(start.getMonthValue())));
            }
        } else if (frequency == Frequency.YEARLY
                && all.containsKey(Part.BYMONTHDAY)
                && !all.containsKey(Part.BYYEARDAY)) {
            // The library takes the start's month alone; the RFC takes each.
            all.putIfAbsent(
                    Part.BYMONTH,
                    Stream.iterate(1, month -> month + 1)
                            .limit(Part.BYMONTH.most)
                            .collect(Collectors.toCollection(TreeSet::new)));
        }
        all.keySet().removeAll(List.of(Part.BYHOUR, Part.BYMINUTE, Part.BYSECOND));
        StringBuilder text =
                new StringBuilder("FREQ=" + frequency + ";INTERVAL=" + interval + ";WKST=" + code(weekStart));
        all.forEach((part, listed) -> text.append(";").append(part).append("=").append(joined(listed)));
        if (!named.isEmpty()) {
            text.append(";BYDAY=")
                    .append(joined(named.stream()
                            .map(day -> (day.nth() == 0 ? "" : day.nth()) + code(day.day()))
                            .toList()));
        }
        return text.toString();
    }

    private static String joined(Collection<?> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /** Returns the two letters of a day: MO to SU. */
    static String code(DayOfWeek day) {
        return day.name().substring(0, 2);
    }
}
