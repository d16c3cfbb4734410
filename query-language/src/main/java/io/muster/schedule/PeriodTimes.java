package io.muster.schedule;

import io.muster.schedule.CalendarRule.Unit;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Lists the local times of a rule whose interval is of minutes or hours: those of each interval from its start that are on one of its days of the week
 * and in one of its hours and minutes. Days and hours that are not among them are passed over as a whole. For one thread.
 *
 * <p>Intervals and weeks are in step again after as many minutes as both divide, so a rule that fires in none of these never does.
 */
final class PeriodTimes implements Iterator<LocalDateTime> {
    private static final int HOURS_OF_WEEK = 7 * 24;
    private static final int MINUTES_OF_WEEK = HOURS_OF_WEEK * 60;

    private final CalendarRule rule;
    private final ChronoUnit unit;
    private final LocalDateTime start;
    /** Lists the minutes of the hours on which intervals begin; for intervals of minutes those that a minute has to be of, none for any. */
    private final SortedSet<Integer> minutes;

    private final int second;
    private @Nullable LocalDateTime next;

    /** Finds the first time that is listed. @param start from which intervals are counted @param from before which no time is listed; not before the start */
    PeriodTimes(CalendarRule rule, LocalDateTime start, LocalDateTime from) {
        this.rule = rule;
        boolean ofHours = rule.unit() == Unit.HOUR;
        this.unit = ofHours ? ChronoUnit.HOURS : ChronoUnit.MINUTES;
        this.start = ofHours ? start.truncatedTo(ChronoUnit.HOURS) : start;
        boolean atStart = rule.hours().isEmpty() && rule.minutes().isEmpty();
        this.second = atStart ? start.getSecond() : 0;
        this.minutes = new TreeSet<>(rule.minutes());
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
        LocalDateTime begin = begin(unit == ChronoUnit.HOURS ? from.truncatedTo(ChronoUnit.HOURS) : from);
        LocalDateTime end = begin.plus(periodUntilItRepeats(), unit);
        while (!begin.isAfter(end)) {
            if (!rule.weekDays().isEmpty() && !rule.weekDays().contains(begin.getDayOfWeek())) {
                begin = begin(nextDay(begin));
            } else if (!rule.hours().isEmpty() && !rule.hours().contains(begin.getHour())) {
                begin = begin(nextHour(begin));
            } else {
                LocalDateTime found = within(begin, from);
                if (found != null) {
                    return found;
                }
                begin = begin.plus(rule.interval(), unit);
            }
        }
        return null;
    }

    private long periodUntilItRepeats() {
        int week = unit == ChronoUnit.HOURS ? HOURS_OF_WEEK : MINUTES_OF_WEEK;
        int a = rule.interval();
        int b = week;
        while (b != 0) {
            int rest = a % b;
            a = b;
            b = rest;
        }
        return (long) rule.interval() / a * week;
    }

    /** Returns the begin of the first interval that begins at or behind a time. */
    private LocalDateTime begin(LocalDateTime time) {
        if (!time.isAfter(start)) {
            return start;
        }
        long units = unit.between(start, time);
        if (start.plus(units, unit).isBefore(time)) {
            units++;
        }
        long interval = rule.interval();
        return start.plus((units + interval - 1) / interval * interval, unit);
    }

    private static LocalDateTime nextDay(LocalDateTime time) {
        return time.toLocalDate().plusDays(1).atStartOfDay();
    }

    private LocalDateTime nextHour(LocalDateTime time) {
        SortedSet<Integer> later = rule.hours().tailSet(time.getHour());
        return later.isEmpty() ? nextDay(time) : time.toLocalDate().atTime(later.first(), 0);
    }

    /** Returns the first time of an interval that is not before another; null where it has none. */
    private @Nullable LocalDateTime within(LocalDateTime begin, LocalDateTime from) {
        if (unit == ChronoUnit.MINUTES) {
            return minutes.isEmpty() || minutes.contains(begin.getMinute()) ? begin : null;
        }
        for (int minute : minutes) {
            LocalDateTime time = begin.toLocalDate().atTime(LocalTime.of(begin.getHour(), minute, second));
            if (!time.isBefore(from)) {
                return time;
            }
        }
        return null;
    }
}
