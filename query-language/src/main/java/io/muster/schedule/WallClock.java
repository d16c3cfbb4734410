package io.muster.schedule;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.util.Iterator;
import java.util.Optional;

/**
 * Reads local times from the clocks of a zone. One that a clock change skips is moved on by the length of the gap; one that comes twice is the first of the two. Immutable.
 */
record WallClock(ZoneId zone) {
    private static final int HOURS_OF_LONGEST_GAP = 25;

    /** Lists local times in their order, from one on. */
    @FunctionalInterface
    interface LocalTimes {
        Iterator<LocalDateTime> from(LocalDateTime first);
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
        ZonedDateTime moment = written.atZone(zone);
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
            ZonedDateTime moment = time.atZone(zone);
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
        return zone.getRules().getValidOffsets(written).size() > 1
                ? Optional.of(
                        "The clocks show " + written.toLocalTime() + " twice on this day: it fires the first time.")
                : Optional.empty();
    }
}
