package io.muster.planner.schedule;

import io.muster.records.CalendarRecurrence;
import io.muster.records.CronRecurrence;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.Timing;
import io.muster.schedule.CalendarRule;
import io.muster.schedule.CalendarRule.NthDay;
import io.muster.schedule.CalendarRule.Unit;
import io.muster.schedule.Ncrontab;
import io.muster.schedule.Recurrence;
import io.muster.schedule.Schedule;
import io.muster.schedule.ScheduleException;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Compiles timings of records into schedules that can be evaluated. */
final class Timings {
    private static final int LAST_MINUTE = 59;
    private static final int LAST_HOUR = 23;
    private static final int LAST_DAY = 31;
    private static final int LAST_WEEK = 5;

    private Timings() {}

    /**
     * Compiles a timing.
     *
     * @param now the start of one that has none
     * @throws ScheduleException when it makes no sense: anybody may write the topic of commands
     */
    static Schedule compile(Timing timing, Instant now) throws ScheduleException {
        @Nullable Instant start = timing.getStart();
        boolean hasCron = timing.getRecurrence() instanceof CronRecurrence;
        return Schedule.of(
                zone(timing.getTimeZone()),
                start == null ? now : start,
                start == null && !hasCron,
                recurrence(timing.getRecurrence()),
                Optional.ofNullable(timing.getEnd()));
    }

    private static ZoneId zone(String name) throws ScheduleException {
        try {
            return ZoneId.of(name);
        } catch (DateTimeException e) {
            throw new ScheduleException("The time zone is one of the IANA's, such as Europe/Paris.");
        }
    }

    private static Recurrence recurrence(@Nullable Object recurrence) throws ScheduleException {
        return switch (recurrence) {
            case null -> new Recurrence.Once();
            case ElapsedRecurrence elapsed -> {
                if (elapsed.getSeconds() < 1 || elapsed.getSeconds() > Integer.MAX_VALUE) {
                    throw new ScheduleException("A period has 1 to " + Integer.MAX_VALUE + " seconds.");
                }
                yield new Recurrence.Elapsed(Duration.ofSeconds(elapsed.getSeconds()));
            }
            case CalendarRecurrence calendar -> new Recurrence.Calendar(rule(calendar));
            case CronRecurrence cron -> new Recurrence.Cron(Ncrontab.parse(cron.getExpression()));
            case Object unknown -> throw new IllegalStateException("not a recurrence, class=" + unknown.getClass());
        };
    }

    private static CalendarRule rule(CalendarRecurrence calendar) throws ScheduleException {
        if (calendar.getInterval() < 1) {
            throw new ScheduleException("An interval is 1 or more.");
        }
        SortedSet<DayOfWeek> weekDays = new TreeSet<>();
        for (int day : calendar.getWeekDays()) {
            weekDays.add(day(day));
        }
        List<NthDay> nthDays = new ArrayList<>();
        for (var nth : calendar.getNthDays()) {
            if (Math.abs(nth.getNth()) > LAST_WEEK) {
                throw new ScheduleException("A day of the week comes 5 times in a month at most.");
            }
            nthDays.add(new NthDay(day(nth.getDay()), nth.getNth()));
        }
        SortedSet<Integer> monthDays = within(calendar.getMonthDays(), -LAST_DAY, LAST_DAY);
        if (monthDays.contains(0)) {
            throw new ScheduleException("Days of a month are 1 to 31, or -1 to -31 from its end.");
        }
        return new CalendarRule(
                Unit.valueOf(calendar.getUnit().name()),
                calendar.getInterval(),
                within(calendar.getHours(), 0, LAST_HOUR),
                within(calendar.getMinutes(), 0, LAST_MINUTE),
                weekDays,
                monthDays,
                nthDays);
    }

    private static DayOfWeek day(int number) throws ScheduleException {
        if (number < DayOfWeek.MONDAY.getValue() || number > DayOfWeek.SUNDAY.getValue()) {
            throw new ScheduleException("Days of the week are 1, Monday, to 7, Sunday.");
        }
        return DayOfWeek.of(number);
    }

    private static SortedSet<Integer> within(List<Integer> numbers, int least, int most) throws ScheduleException {
        SortedSet<Integer> sorted = new TreeSet<>(numbers);
        if (!sorted.isEmpty() && (sorted.first() < least || sorted.last() > most)) {
            throw new ScheduleException("A number of the schedule is not within " + least + " and " + most + ".");
        }
        return sorted;
    }
}
