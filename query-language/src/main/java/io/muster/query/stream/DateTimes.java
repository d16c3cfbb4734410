package io.muster.query.stream;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Computes with units of time as T-SQL's date functions do; all in UTC. */
final class DateTimes {
    private static final int MONTHS_OF_QUARTER = 3;
    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant BEHIND_LAST = Instant.parse("+10000-01-01T00:00:00Z");

    private DateTimes() {}

    /** Returns whether it is of the years 1 to 9999. */
    static boolean isInCalendar(Instant instant) {
        return !instant.isBefore(FIRST) && instant.isBefore(BEHIND_LAST);
    }

    /** Writes a datetime of the calendar with seven digits, as the dialect's has. By hand, since most results have one. */
    static String text(Instant instant) {
        LocalDateTime time = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
        byte[] text = "0000-00-00T00:00:00.0000000Z".getBytes(StandardCharsets.ISO_8859_1);
        digits(text, 4, time.getYear());
        digits(text, 7, time.getMonthValue());
        digits(text, 10, time.getDayOfMonth());
        digits(text, 13, time.getHour());
        digits(text, 16, time.getMinute());
        digits(text, 19, time.getSecond());
        digits(text, 27, time.getNano() / 100);
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    /** Writes a number's digits over zeros, the last one first. @param end behind the last digit */
    private static void digits(byte[] text, int end, int number) {
        int at = end;
        for (int rest = number; rest > 0; rest /= 10) {
            text[--at] = (byte) ('0' + rest % 10);
        }
    }

    /** Names a unit, by any of its names. */
    enum Unit {
        YEAR(0),
        QUARTER(0),
        MONTH(0),
        DAYOFYEAR(Ticks.DAY),
        DAY(Ticks.DAY),
        WEEK(7 * Ticks.DAY),
        WEEKDAY(0),
        HOUR(Ticks.HOUR),
        MINUTE(Ticks.MINUTE),
        SECOND(Ticks.SECOND),
        MILLISECOND(Ticks.MILLISECOND),
        MICROSECOND(10);

        private static final Map<String, Unit> NAMES = Map.ofEntries(
                Map.entry("YEAR", YEAR),
                Map.entry("YYYY", YEAR),
                Map.entry("YY", YEAR),
                Map.entry("QUARTER", QUARTER),
                Map.entry("QQ", QUARTER),
                Map.entry("Q", QUARTER),
                Map.entry("MONTH", MONTH),
                Map.entry("MM", MONTH),
                Map.entry("M", MONTH),
                Map.entry("DAYOFYEAR", DAYOFYEAR),
                Map.entry("DY", DAYOFYEAR),
                Map.entry("Y", DAYOFYEAR),
                Map.entry("DAY", DAY),
                Map.entry("DD", DAY),
                Map.entry("D", DAY),
                Map.entry("WEEK", WEEK),
                Map.entry("WK", WEEK),
                Map.entry("WW", WEEK),
                Map.entry("WEEKDAY", WEEKDAY),
                Map.entry("DW", WEEKDAY),
                Map.entry("W", WEEKDAY),
                Map.entry("HOUR", HOUR),
                Map.entry("HH", HOUR),
                Map.entry("MINUTE", MINUTE),
                Map.entry("MI", MINUTE),
                Map.entry("N", MINUTE),
                Map.entry("SECOND", SECOND),
                Map.entry("SS", SECOND),
                Map.entry("S", SECOND),
                Map.entry("MILLISECOND", MILLISECOND),
                Map.entry("MS", MILLISECOND),
                Map.entry("MICROSECOND", MICROSECOND),
                Map.entry("MCS", MICROSECOND));

        private final long ticks;

        Unit(long ticks) {
            this.ticks = ticks;
        }

        static Optional<Unit> named(String name) {
            return Optional.ofNullable(NAMES.get(name.toUpperCase(Locale.ROOT)));
        }

        /** Returns the unit's length where it is always the same, so that windows may be measured in it; else 0. */
        long windowTicks() {
            return this == DAYOFYEAR || this == WEEK ? 0 : ticks;
        }
    }

    /** Returns how many boundaries of the unit lie between the two. */
    static long difference(Unit unit, Instant from, Instant to) {
        LocalDateTime a = LocalDateTime.ofInstant(from, ZoneOffset.UTC);
        LocalDateTime b = LocalDateTime.ofInstant(to, ZoneOffset.UTC);
        return switch (unit) {
            case YEAR -> (long) b.getYear() - a.getYear();
            case QUARTER -> Math.floorDiv(months(b), MONTHS_OF_QUARTER) - Math.floorDiv(months(a), MONTHS_OF_QUARTER);
            case MONTH -> months(b) - months(a);
            case WEEK -> sundays(b) - sundays(a);
            case DAYOFYEAR, DAY, WEEKDAY ->
                b.toLocalDate().toEpochDay() - a.toLocalDate().toEpochDay();
            case HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND ->
                Math.floorDiv(Ticks.of(to), unit.ticks) - Math.floorDiv(Ticks.of(from), unit.ticks);
        };
    }

    private static long months(LocalDateTime at) {
        return at.getLong(ChronoField.PROLEPTIC_MONTH);
    }

    private static long sundays(LocalDateTime at) {
        return Math.floorDiv(at.toLocalDate().toEpochDay() + 4, 7); // 1970-01-01 was a Thursday.
    }

    static Instant plus(Unit unit, long count, Instant at) {
        LocalDateTime local = LocalDateTime.ofInstant(at, ZoneOffset.UTC);
        return switch (unit) {
            case YEAR -> local.plusYears(count).toInstant(ZoneOffset.UTC);
            case QUARTER ->
                local.plusMonths(Math.multiplyExact(count, MONTHS_OF_QUARTER)).toInstant(ZoneOffset.UTC);
            case MONTH -> local.plusMonths(count).toInstant(ZoneOffset.UTC);
            case WEEK -> at.plus(Math.multiplyExact(count, 7L), ChronoUnit.DAYS);
            case DAYOFYEAR, DAY, WEEKDAY -> at.plus(count, ChronoUnit.DAYS);
            case HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND ->
                Ticks.instant(Math.addExact(Ticks.of(at), Math.multiplyExact(count, unit.ticks)));
        };
    }

    static long part(Unit unit, Instant at) {
        LocalDateTime local = LocalDateTime.ofInstant(at, ZoneOffset.UTC);
        return switch (unit) {
            case YEAR -> local.getYear();
            case QUARTER -> local.get(IsoFields.QUARTER_OF_YEAR);
            case MONTH -> local.getMonthValue();
            case DAYOFYEAR -> local.getDayOfYear();
            case DAY -> local.getDayOfMonth();
            case WEEK -> sundays(local) - sundays(local.withDayOfYear(1)) + 1;
            case WEEKDAY -> local.getDayOfWeek().getValue() % 7 + 1L; // Sunday is the first day.
            case HOUR -> local.getHour();
            case MINUTE -> local.getMinute();
            case SECOND -> local.getSecond();
            case MILLISECOND -> local.get(ChronoField.MILLI_OF_SECOND);
            case MICROSECOND -> local.get(ChronoField.MICRO_OF_SECOND);
        };
    }

    static String name(Unit unit, Instant at) {
        LocalDateTime local = LocalDateTime.ofInstant(at, ZoneOffset.UTC);
        return switch (unit) {
            case MONTH -> local.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case WEEKDAY -> local.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            default -> Long.toString(part(unit, at));
        };
    }
}
