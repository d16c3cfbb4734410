package io.muster.schedule;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Reads local times from the clocks of a zone. One that a clock change skips is moved on by the length of the gap; one that comes twice is the first of the two. Immutable.
 *
 * @param start an instant that is its time, also where the clocks show that the second time; empty for none
 */
record WallClock(ZoneId zone, Optional<Instant> start) {
    private static final int HOURS_OF_LONGEST_GAP = 25;

    /** Lists local times in their order, from one on. */
    @FunctionalInterface
    interface LocalTimes {
        Iterator<LocalDateTime> from(LocalDateTime first);
    }

    /** Makes one of which no instant is its time the second time. */
    WallClock(ZoneId zone) {
        this(zone, Optional.empty());
    }

    /** Returns when the clocks show a time: the first time, where they show it twice, but for that of the start, which is an instant. A gap moves it on. */
    private ZonedDateTime moment(LocalDateTime time) {
        return start.map(begin -> begin.atZone(zone))
                .filter(begin -> begin.toLocalDateTime().equals(time))
                .orElseGet(() -> time.atZone(zone));
    }

    /** Returns what the clocks show. */
    LocalDateTime local(Instant time) {
        return LocalDateTime.ofInstant(time, zone);
    }

    /** Returns a firing at an instant, whatever the clocks do. */
    Occurrence at(Instant time) {
        return new Occurrence(time.atZone(zone).toOffsetDateTime(), Optional.empty());
    }

    /** Returns the firing of a local time, with a note where the clocks change. */
    Occurrence at(LocalDateTime written) {
        ZonedDateTime moment = moment(written);
        return new Occurrence(moment.toOffsetDateTime(), note(written, moment));
    }

    /** Returns the first instant behind another at which the clocks show, or would show but for a gap, one of the times. */
    Optional<Occurrence> next(Instant after, LocalTimes times) {
        Iterator<LocalDateTime> found = times.from(firstToConsider(after));
        Optional<ZonedDateTime> best = Optional.empty();
        Optional<Occurrence> occurrence = Optional.empty();
        while (found.hasNext()) {
            LocalDateTime time = found.next();
            // Behind a time that a gap moved, others come that are earlier.
            if (best.isPresent() && !time.isBefore(best.get().toLocalDateTime())) {
                break;
            }
            ZonedDateTime moment = moment(time);
            if (moment.toInstant().isAfter(after)
                    && best.filter(known -> !moment.isBefore(known)).isEmpty()) {
                best = Optional.of(moment);
                occurrence = Optional.of(at(time));
            }
        }
        return occurrence;
    }

    private LocalDateTime firstToConsider(Instant after) {
        ZoneOffsetTransition last = zone.getRules().previousTransition(after.plusNanos(1));
        boolean behindGap = last != null
                && last.isGap()
                && last.getInstant()
                        .plus(HOURS_OF_LONGEST_GAP, ChronoUnit.HOURS)
                        .isAfter(after);
        return behindGap ? last.getDateTimeBefore() : local(after);
    }

    private Optional<String> note(LocalDateTime written, ZonedDateTime moment) {
        if (!moment.toLocalDateTime().equals(written)) {
            return Optional.of("The clocks skip " + written.toLocalTime() + " on this day: it fires at "
                    + moment.toLocalTime() + ".");
        }
        List<ZoneOffset> offsets = zone.getRules().getValidOffsets(written);
        return offsets.size() > 1 && moment.getOffset().equals(offsets.getFirst())
                ? Optional.of(
                        "The clocks show " + written.toLocalTime() + " twice on this day: it fires the first time.")
                : Optional.empty();
    }
}
