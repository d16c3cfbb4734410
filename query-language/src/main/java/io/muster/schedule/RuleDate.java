package io.muster.schedule;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.Locale;
import java.util.Optional;

/**
 * Is a date of RFC 5545, or a date and time: of UTC, of a zone of its own, or of the schedule's zone. Immutable.
 *
 * @param time midnight for a date
 * @param zone empty for the schedule's
 * @param wholeDay whether it is a date
 */
record RuleDate(LocalDateTime time, Optional<ZoneId> zone, boolean wholeDay) {
    private static final DateTimeFormatter DATE = strict("uuuuMMdd");
    private static final DateTimeFormatter TIME = strict("uuuuMMdd'T'HHmmss");

    private static DateTimeFormatter strict(String pattern) {
        return DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withResolverStyle(ResolverStyle.STRICT);
    }

    /** Reads one. @param name of the part, for the fault @throws ScheduleException when it is none */
    static RuleDate parse(String name, String text) throws ScheduleException {
        try {
            if (text.indexOf('T') < 0) {
                return new RuleDate(LocalDate.parse(text, DATE).atStartOfDay(), Optional.empty(), true);
            }
            boolean utc = text.endsWith("Z");
            LocalDateTime time = LocalDateTime.parse(utc ? text.substring(0, text.length() - 1) : text, TIME);
            return new RuleDate(time, utc ? Optional.of(ZoneOffset.UTC) : Optional.empty(), false);
        } catch (DateTimeException e) {
            throw new ScheduleException(name + " takes 20271231, 20271231T093000 in the schedule's time zone, or "
                    + "20271231T083000Z in UTC.");
        }
    }

    /** Returns the same in a zone, unless it has one. */
    RuleDate in(ZoneId other) {
        return new RuleDate(time, zone.or(() -> Optional.of(other)), wholeDay);
    }

    /** Returns when it is. @param clock of the schedule's zone */
    Instant instant(WallClock clock) {
        return zone.filter(other -> !other.equals(clock.zone()))
                .map(other -> time.atZone(other).toInstant())
                .orElseGet(() -> clock.at(time).time());
    }

    /** Returns the last instant of it: of a date, that of the day. */
    Instant end(WallClock clock) {
        return wholeDay
                ? time.toLocalDate()
                        .plusDays(1)
                        .atStartOfDay(zone.orElse(clock.zone()))
                        .toInstant()
                        .minusNanos(1)
                : instant(clock);
    }
}
