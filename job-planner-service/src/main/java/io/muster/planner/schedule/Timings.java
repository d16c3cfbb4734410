package io.muster.planner.schedule;

import io.muster.records.CalendarRecurrence;
import io.muster.records.CronRecurrence;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.RuleRecurrence;
import io.muster.records.Timing;
import io.muster.schedule.CalendarRule;
import io.muster.schedule.CalendarRule.NthDay;
import io.muster.schedule.CalendarRule.Unit;
import io.muster.schedule.Ncrontab;
import io.muster.schedule.Recurrence;
import io.muster.schedule.RecurrenceSet;
import io.muster.schedule.Schedule;
import io.muster.schedule.ScheduleException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Compiles timings of records into schedules that can be evaluated. */
final class Timings {
    private Timings() {}

    /**
     * Compiles a timing.
     *
     * @param now the start of one that has none
     * @throws ScheduleException when it makes no sense, or never fires: anybody may write the topic of commands
     */
    static Schedule compile(Timing timing, Instant now) throws ScheduleException {
        return Schedule.of(
                zone(timing), start(timing, now), isAtOnce(timing), recurrence(timing.getRecurrence()), end(timing));
    }

    /** Compiles a timing that was saved: that it fires was seen then, and is not searched for at each firing. @throws ScheduleException when it makes no sense */
    static Schedule saved(Timing timing, Instant startedAt) throws ScheduleException {
        return Schedule.known(
                zone(timing),
                start(timing, startedAt),
                isAtOnce(timing),
                recurrence(timing.getRecurrence()),
                end(timing));
    }

    private static ZoneId zone(Timing timing) throws ScheduleException {
        return Schedule.zone(timing.getTimeZone());
    }

    private static Instant start(Timing timing, Instant now) {
        return Objects.requireNonNullElse(timing.getStart(), now);
    }

    private static boolean isAtOnce(Timing timing) {
        boolean hasTimes =
                timing.getRecurrence() instanceof CronRecurrence || timing.getRecurrence() instanceof RuleRecurrence;
        return timing.getStart() == null && !hasTimes;
    }

    private static Optional<Instant> end(Timing timing) {
        return Optional.ofNullable(timing.getEnd());
    }

    private static Recurrence recurrence(@Nullable Object recurrence) throws ScheduleException {
        return switch (recurrence) {
            case null -> new Recurrence.Once();
            case ElapsedRecurrence elapsed -> Recurrence.elapsed(elapsed.getSeconds());
            case CalendarRecurrence calendar -> new Recurrence.Calendar(rule(calendar));
            case RuleRecurrence rules -> new Recurrence.Rules(RecurrenceSet.parse(rules.getLines()));
            case CronRecurrence cron -> new Recurrence.Cron(Ncrontab.parse(cron.getExpression()));
            case Object unknown -> throw new IllegalStateException("not a recurrence, class=" + unknown.getClass());
        };
    }

    private static CalendarRule rule(CalendarRecurrence calendar) throws ScheduleException {
        SortedSet<DayOfWeek> weekDays = new TreeSet<>();
        for (int day : calendar.getWeekDays()) {
            weekDays.add(day(day));
        }
        List<NthDay> nthDays = new ArrayList<>();
        for (var nth : calendar.getNthDays()) {
            nthDays.add(new NthDay(day(nth.getDay()), nth.getNth()));
        }
        return CalendarRule.of(
                Unit.valueOf(calendar.getUnit().name()),
                calendar.getInterval(),
                new TreeSet<>(calendar.getHours()),
                new TreeSet<>(calendar.getMinutes()),
                weekDays,
                new TreeSet<>(calendar.getMonthDays()),
                nthDays);
    }

    private static DayOfWeek day(int number) throws ScheduleException {
        if (number < DayOfWeek.MONDAY.getValue() || number > DayOfWeek.SUNDAY.getValue()) {
            throw new ScheduleException("Days of the week are 1, Monday, to 7, Sunday.");
        }
        return DayOfWeek.of(number);
    }
}
