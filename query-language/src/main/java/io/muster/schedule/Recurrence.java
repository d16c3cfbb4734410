package io.muster.schedule;

import java.time.Duration;

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

    /** Fires at times of day on days of the calendar, as clocks of the schedule's zone show them. */
    record Calendar(CalendarRule rule) implements Recurrence {}

    /** Fires whenever the clocks of the schedule's zone match an expression. */
    record Cron(Ncrontab expression) implements Recurrence {}
}
