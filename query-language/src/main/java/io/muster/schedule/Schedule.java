package io.muster.schedule;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Computes when something fires. A local time that a clock change skips is moved on by the length of the gap; one that comes twice fires the first time
 * alone. Elapsed periods, recurrences of minutes or hours that name neither hours nor days, and cron expressions that match in every hour go by what has elapsed: both of two equal hours count. Immutable.
 *
 * @param zone whose clocks local times are read from
 * @param start the first time that counts, in whole seconds, from which intervals are counted
 * @param atOnce whether it fires at its start even if the recurrence doesn't: its writer gave no start, which means now
 * @param end behind which it doesn't fire; empty where there is none
 */
public record Schedule(ZoneId zone, Instant start, boolean atOnce, Recurrence recurrence, Optional<Instant> end) {
    private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("+10000-01-01T00:00:00Z");

    /** Makes one. @throws ScheduleException when it never fires */
    public static Schedule of(ZoneId zone, Instant start, boolean atOnce, Recurrence recurrence, Optional<Instant> end)
            throws ScheduleException {
        Instant first = start.truncatedTo(ChronoUnit.SECONDS);
        if (first.isBefore(EARLIEST) || !first.isBefore(LATEST)) {
            throw new ScheduleException("A schedule starts in one of the years 1 to 9999.");
        }
        if (recurrence instanceof Recurrence.Calendar(CalendarRule rule)
                && !rule.everFires(new WallClock(zone).local(start))) {
            throw new ScheduleException(
                    "The schedule never fires: none of its intervals comes to such a day and time.");
        }
        if (recurrence instanceof Recurrence.Rules(RecurrenceSet rules)) {
            rules.check(first, new WallClock(zone, Optional.of(first)));
        }
        return new Schedule(zone, first, atOnce, recurrence, end);
    }

    /** Makes one that {@link #of} has made before, without the search for its first firing. */
    public static Schedule known(
            ZoneId zone, Instant start, boolean atOnce, Recurrence recurrence, Optional<Instant> end) {
        return new Schedule(zone, start.truncatedTo(ChronoUnit.SECONDS), atOnce, recurrence, end);
    }

    /** Returns the zone of a name such as Europe/Paris. @throws ScheduleException when there is none of it */
    public static ZoneId zone(String name) throws ScheduleException {
        try {
            return ZoneId.of(name);
        } catch (DateTimeException e) {
            throw new ScheduleException("The time zone is one of the IANA's, such as Europe/Paris.");
        }
    }

    /** Returns the first firing of a schedule that is made now: a start that is past brings nothing back, but for one that fires once. */
    public Optional<Occurrence> first(Instant now) {
        if (atOnce) {
            return within(at(start));
        }
        if (recurrence instanceof Recurrence.Once) {
            return within(at(start.isAfter(now) ? start : now));
        }
        return start.isBefore(now) ? next(now) : next(start.minusNanos(1));
    }

    /** Returns the first firing behind an instant, that of the start included; empty where there is none. */
    public Optional<Occurrence> after(Instant instant) {
        if (atOnce && start.isAfter(instant)) {
            return within(at(start));
        }
        if (recurrence instanceof Recurrence.Once) {
            return start.isAfter(instant) ? within(at(start)) : Optional.empty();
        }
        return next(start.isAfter(instant) ? start.minusNanos(1) : instant);
    }

    /**
     * Says which firings went by.
     *
     * @param count how many; where a limit was reached there may have been more
     * @param last the last one; empty where there was none
     */
    public record Passed(long count, Optional<Instant> last) {}

    /**
     * Returns the firings behind an instant, up to another. Periods are counted by arithmetic, others one by one up to the limit; the last one is then
     * found by halving the time, so that a long absence costs little more than a short one.
     */
    public Passed passed(Instant after, Instant upTo, int most) {
        if (recurrence instanceof Recurrence.Elapsed(var period)) {
            Instant until = end.filter(time -> time.isBefore(upTo)).orElse(upTo);
            long periods = elapsed(until, period);
            long count = Math.max(0, periods - elapsed(after, period));
            return new Passed(
                    count,
                    count == 0 ? Optional.empty() : Optional.of(start.plusSeconds((periods - 1) * period.toSeconds())));
        }
        Optional<Instant> last = Optional.empty();
        Optional<Instant> next = upTo(after, upTo);
        int count = 0;
        while (next.isPresent() && count < most) {
            count++;
            last = next;
            next = upTo(last.get(), upTo);
        }
        return new Passed(count, next.isPresent() ? Optional.of(last(next.get(), upTo)) : last);
    }

    /** Returns the last firing up to an instant. @param known one of them */
    private Instant last(Instant known, Instant upTo) {
        Instant last = known;
        Instant to = upTo;
        while (last.isBefore(to)) {
            // Firings are of whole seconds.
            Instant middle = last.plusSeconds(last.until(to, ChronoUnit.SECONDS) / 2);
            Optional<Instant> later = upTo(middle, upTo);
            if (later.isPresent()) {
                last = later.get();
            } else {
                to = middle;
            }
        }
        return last;
    }

    private Optional<Instant> upTo(Instant after, Instant upTo) {
        return after(after).map(Occurrence::time).filter(time -> !time.isAfter(upTo));
    }

    /** Counts periods up to an instant, the start itself included. */
    private long elapsed(Instant upTo, Duration period) {
        return upTo.isBefore(start) ? 0 : start.until(upTo, ChronoUnit.SECONDS) / period.toSeconds() + 1;
    }

    private Optional<Occurrence> next(Instant after) {
        return switch (recurrence) {
            case Recurrence.Once _ -> throw new IllegalStateException("It fires once.");
            case Recurrence.Elapsed(var period) -> {
                yield within(at(start.plusSeconds(elapsed(after, period) * period.toSeconds())));
            }
            case Recurrence.Calendar(var rule) -> {
                WallClock clock =
                        rule.isElapsed() ? new WallClock(zone.getRules().getOffset(start)) : fromStart();
                LocalDateTime first = clock.local(start);
                Optional<Occurrence> found = clock.next(after, from -> rule.times(first, from));
                yield (rule.isElapsed() ? found.map(time -> shownAt(time.time())) : found).flatMap(this::within);
            }
            case Recurrence.Rules(var rules) ->
                rules.next(after, start, fromStart()).flatMap(this::within);
            case Recurrence.Cron(var expression) ->
                (expression.isOfEachHour()
                                ? byElapsedHours(after, expression)
                                : clock().next(after, from -> times(expression, from)))
                        .flatMap(this::within);
        };
    }

    private Optional<Occurrence> within(Occurrence occurrence) {
        return end.isPresent() && occurrence.time().isAfter(end.get()) ? Optional.empty() : Optional.of(occurrence);
    }

    private Occurrence at(Instant time) {
        return clock().at(time);
    }

    /** Returns the clock of rules that count from the start: where the clocks show its time twice, it is the one that was meant. */
    private WallClock fromStart() {
        return new WallClock(zone, Optional.of(start));
    }

    private WallClock clock() {
        return new WallClock(zone);
    }

    private static Iterator<LocalDateTime> times(Ncrontab expression, LocalDateTime first) {
        UnaryOperator<Optional<LocalDateTime>> next = time -> time.flatMap(at -> expression.next(at.plusSeconds(1)));
        return new Iterator<>() {
            private Optional<LocalDateTime> time = expression.next(first);

            @Override
            public boolean hasNext() {
                return time.isPresent();
            }

            @Override
            public LocalDateTime next() {
                LocalDateTime now = time.orElseThrow();
                time = next.apply(time);
                return now;
            }
        };
    }

    /** Goes from one clock change to the next: between them, local times and elapsed time are the same. */
    private Optional<Occurrence> byElapsedHours(Instant after, Ncrontab expression) {
        Instant from = after.plusNanos(1);
        while (true) {
            ZoneOffset offset = zone.getRules().getOffset(from);
            Optional<LocalDateTime> found = expression.next(LocalDateTime.ofInstant(from, offset));
            ZoneOffsetTransition change = zone.getRules().nextTransition(from);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            Instant time = found.get().toInstant(offset);
            if (change == null || time.isBefore(change.getInstant())) {
                return Optional.of(shownAt(time));
            }
            from = change.getInstant();
        }
    }

    /** Returns a firing of what goes by elapsed time, with a note where the clocks show its time twice. */
    private Occurrence shownAt(Instant time) {
        LocalDateTime local = clock().local(time);
        return new Occurrence(
                time.atZone(zone).toOffsetDateTime(),
                zone.getRules().getValidOffsets(local).size() > 1
                        ? Optional.of(
                                "The clocks show " + local.toLocalTime() + " twice on this day: it fires both times.")
                        : Optional.empty());
    }
}
