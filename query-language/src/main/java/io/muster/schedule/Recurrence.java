package io.muster.schedule;

import io.muster.schedule.CalendarRule.Unit;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;

/** Says how a schedule repeats. Immutable. */
public sealed interface Recurrence {
    /** Fires once, at the schedule's start. */
    record Once() implements Recurrence {}

    /** Fires at the start and whenever the period has elapsed since, whatever clocks show. @param period positive, of whole seconds */
    record Elapsed(Duration period) implements Recurrence {
        /** Makes one. */
        public Elapsed {
            if (period.getSeconds() < 1 || period.getNano() != 0) {
                throw new IllegalArgumentException("A period has one second or more, in whole seconds: " + period);
            }
        }
    }

    /** Returns one that fires at its start and at each interval behind it: minutes and hours elapse, days are those of the calendar. @throws ScheduleException when the interval is none */
    static Recurrence every(int interval, Unit unit) throws ScheduleException {
        CalendarRule rule = CalendarRule.of(
                unit, interval, new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), new TreeSet<>(), List.of());
        return switch (unit) {
            case MINUTE -> new Elapsed(Duration.ofMinutes(interval));
            case HOUR -> new Elapsed(Duration.ofHours(interval));
            case DAY, WEEK, MONTH -> new Calendar(rule);
        };
    }

    /** Returns one of a period. @throws ScheduleException when it is none */
    static Recurrence elapsed(long seconds) throws ScheduleException {
        if (seconds < 1 || seconds > Integer.MAX_VALUE) {
            throw new ScheduleException("A period has 1 to " + Integer.MAX_VALUE + " seconds.");
        }
        return new Elapsed(Duration.ofSeconds(seconds));
    }

    /** Fires at times of day on days of the calendar, as clocks of the schedule's zone show them. */
    record Calendar(CalendarRule rule) implements Recurrence {}

    /** Fires whenever the clocks of the schedule's zone match an expression. */
    record Cron(Ncrontab expression) implements Recurrence {}

    /** Fires at the times of a recurrence set of RFC 5545 that are not before the start. */
    record Rules(RecurrenceSet rules) implements Recurrence {}
}
