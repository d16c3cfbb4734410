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
import java.util.ArrayList;
import java.util.List;
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
     * @throws ScheduleException when it makes no sense: anybody may write the topic of commands
     */
    static Schedule compile(Timing timing, Instant now) throws ScheduleException {
        @Nullable Instant start = timing.getStart();
        boolean hasTimes =
                timing.getRecurrence() instanceof CronRecurrence || timing.getRecurrence() instanceof RuleRecurrence;
        return Schedule.of(
                Schedule.zone(timing.getTimeZone()),
                start == null ? now : start,
                start == null && !hasTimes,
                recurrence(timing.getRecurrence()),
                Optional.ofNullable(timing.getEnd()));
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
