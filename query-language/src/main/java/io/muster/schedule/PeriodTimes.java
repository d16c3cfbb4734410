package io.muster.schedule;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lists the local times of a rule whose interval is of minutes or hours: those of each interval from its start that are on one of its days and in one of its
 * hours and minutes. Days and hours that are not among them are passed over as a whole. For one thread.
 *
 * <p>The search for a time ends behind {@value #MOST_STEPS} intervals, hours and runs of other days that have none, and {@value #YEARS} years ahead, as of all rules.
 * Intervals and weeks are in step again before that.
 */
final class PeriodTimes implements Iterator<LocalDateTime> {
    private static final int MOST_STEPS = 15_000;
    private static final int YEARS = 40;

    private final Period period;
    private final LocalDateTime start;
    /** Lists the minutes of the hours on which intervals begin; for intervals of minutes those that a minute has to be of, none for any. */
    private final SortedSet<Integer> minutes;

    private @Nullable LocalDateTime next;

    /**
     * Says which times are listed.
     *
     * @param unit hours or minutes
     * @param days returns the first day on which there are any, the day that is given or one behind it; empty where there is none
     * @param hours of them; none for all
     * @param minutes of hours; none for any, or where the unit is hours for the start's
     * @param second of each time; of intervals of minutes, the start's
     */
    record Period(
            ChronoUnit unit,
            int interval,
            Function<LocalDate, Optional<LocalDate>> days,
            SortedSet<Integer> hours,
            SortedSet<Integer> minutes,
            int second) {}

    /** Finds the first time that is listed. @param start from which intervals are counted @param from before which no time is listed; not before the start */
    PeriodTimes(Period period, LocalDateTime start, LocalDateTime from) {
        this.period = period;
        boolean ofHours = period.unit() == ChronoUnit.HOURS;
        this.start = ofHours ? start.truncatedTo(ChronoUnit.HOURS) : start;
        this.minutes = new TreeSet<>(period.minutes());
        if (ofHours && minutes.isEmpty()) {
            minutes.add(start.getMinute());
        }
        this.next = find(from);
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public LocalDateTime next() {
        LocalDateTime found = next;
        if (found == null) {
            throw new NoSuchElementException();
        }
        next = find(found.plusSeconds(1));
        return found;
    }

    private @Nullable LocalDateTime find(LocalDateTime from) {
        LocalDateTime begin = begin(period.unit() == ChronoUnit.HOURS ? from.truncatedTo(ChronoUnit.HOURS) : from);
        LocalDateTime last = from.plusYears(YEARS);
        for (int step = 0; step < MOST_STEPS && !begin.isAfter(last); step++) {
            LocalDate day = begin.toLocalDate();
            Optional<LocalDate> on = period.days().apply(day);
            if (on.isEmpty()) {
                return null;
            }
            if (!on.get().equals(day)) {
                begin = begin(on.get().atStartOfDay());
            } else if (!period.hours().isEmpty() && !period.hours().contains(begin.getHour())) {
                begin = begin(nextHour(begin));
            } else {
                LocalDateTime found = within(begin, from);
                if (found != null) {
                    return found;
                }
                begin = begin.plus(period.interval(), period.unit());
            }
        }
        return null;
    }

    /** Returns the begin of the first interval that begins at or behind a time. */
    private LocalDateTime begin(LocalDateTime time) {
        if (!time.isAfter(start)) {
            return start;
        }
        long units = period.unit().between(start, time);
        if (start.plus(units, period.unit()).isBefore(time)) {
            units++;
        }
        long interval = period.interval();
        return start.plus((units + interval - 1) / interval * interval, period.unit());
    }

    private static LocalDateTime nextDay(LocalDateTime time) {
        return time.toLocalDate().plusDays(1).atStartOfDay();
    }

    private LocalDateTime nextHour(LocalDateTime time) {
        SortedSet<Integer> later = period.hours().tailSet(time.getHour());
        return later.isEmpty() ? nextDay(time) : time.toLocalDate().atTime(later.first(), 0);
    }

    /** Returns the first time of an interval that is not before another; null where it has none. */
    private @Nullable LocalDateTime within(LocalDateTime begin, LocalDateTime from) {
        if (period.unit() == ChronoUnit.MINUTES) {
            return minutes.isEmpty() || minutes.contains(begin.getMinute()) ? begin : null;
        }
        for (int minute : minutes) {
            LocalDateTime time = begin.toLocalDate().atTime(LocalTime.of(begin.getHour(), minute, period.second()));
            if (!time.isBefore(from)) {
                return time;
            }
        }
        return null;
    }
}
