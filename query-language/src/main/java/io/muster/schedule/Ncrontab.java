package io.muster.schedule;

import java.time.DayOfWeek;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.YearMonth;
import java.time.temporal.ChronoUnit;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Matches local times by an NCRONTAB expression: {@code {second} {minute} {hour} {day} {month} {day-of-week}}. A field is a list of values,
 * ranges and steps ({@code 1,15}, {@code 9-17}, {@code *}{@code /15}, {@code 6-20/2}, {@code 5/10}); months and days of the week have English names
 * too, of which a beginning is enough. A day has to match both of its fields. The rules are those of the library NCrontab, with which WebJobs
 * read the same expressions: a range that is written backwards is turned round. Immutable.
 */
public final class Ncrontab {
    private static final int LONGEST = 1000;
    private static final int DAYS_OF_WEEK = 7;
    /** Bounds the years in which the calendar comes round to every combination of day, month and day of the week. */
    private static final int YEARS = 40;

    private enum Field {
        SECOND(0, 59, List.of()),
        MINUTE(0, 59, List.of()),
        HOUR(0, 23, List.of()),
        DAY(1, 31, List.of()),
        MONTH(
                1,
                12,
                List.of(
                        "january",
                        "february",
                        "march",
                        "april",
                        "may",
                        "june",
                        "july",
                        "august",
                        "september",
                        "october",
                        "november",
                        "december")),
        DAY_OF_WEEK(0, 6, List.of("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"));

        private final int least;
        private final int most;
        private final List<String> names;

        Field(int least, int most, List<String> names) {
            this.least = least;
            this.most = most;
            this.names = names;
        }

        private String words() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private final String text;
    private final List<BitSet> fields;

    private Ncrontab(String text, List<BitSet> fields) {
        this.text = text;
        this.fields = fields;
    }

    /** Reads an expression. @throws ScheduleException when it is none, or matches no day of any year */
    public static Ncrontab parse(String expression) throws ScheduleException {
        if (expression.length() > LONGEST) {
            throw new ScheduleException("A cron expression has " + LONGEST + " characters at most.");
        }
        String text = expression.strip();
        List<String> parts = List.of(text.split("\\s+"));
        Field[] kinds = Field.values();
        if (parts.size() != kinds.length) {
            throw new ScheduleException(
                    "A cron expression has six fields, {second} {minute} {hour} {day} {month} {day-of-week}, and this"
                            + " one has " + (text.isEmpty() ? 0 : parts.size()) + ".");
        }
        BitSet[] fields = new BitSet[kinds.length];
        for (Field kind : kinds) {
            fields[kind.ordinal()] = field(kind, parts.get(kind.ordinal()));
        }
        Ncrontab parsed = new Ncrontab(text, List.of(fields));
        if (parsed.next(LocalDateTime.of(2000, 1, 1, 0, 0)).isEmpty()) {
            throw new ScheduleException("No day matches the cron expression: the months have no such day.");
        }
        return parsed;
    }

    private static BitSet field(Field kind, String text) throws ScheduleException {
        BitSet values = new BitSet();
        for (String item : text.split(",", -1)) {
            int slash = item.indexOf('/');
            String range = slash < 0 ? item : item.substring(0, slash);
            int step = slash < 0 ? 1 : Math.max(1, number(kind, item.substring(slash + 1)));
            int dash = range.indexOf('-');
            int from;
            int to;
            if (range.equals("*")) {
                from = kind.least;
                to = kind.most;
            } else if (dash > 0) {
                from = value(kind, range.substring(0, dash));
                to = value(kind, range.substring(dash + 1));
            } else {
                from = value(kind, range);
                to = slash < 0 ? from : kind.most;
            }
            for (int value = Math.min(from, to); value <= Math.max(from, to); value += step) {
                values.set(value);
            }
        }
        return values;
    }

    private static int value(Field kind, String text) throws ScheduleException {
        if (text.isEmpty() || !Character.isLetter(text.charAt(0))) {
            int number = number(kind, text);
            if (number < kind.least || number > kind.most) {
                throw wrong(kind, text);
            }
            return number;
        }
        String lower = text.toLowerCase(Locale.ROOT);
        for (int i = 0; i < kind.names.size(); i++) {
            if (kind.names.get(i).startsWith(lower)) {
                return kind.least + i;
            }
        }
        throw wrong(kind, text);
    }

    private static int number(Field kind, String text) throws ScheduleException {
        if (!text.isEmpty() && text.length() <= 4 && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Integer.parseInt(text);
        }
        throw wrong(kind, text);
    }

    private static ScheduleException wrong(Field kind, String text) {
        String names =
                kind.names.isEmpty() ? "" : " or the names " + kind.names.getFirst() + " to " + kind.names.getLast();
        return new ScheduleException("The field " + kind.words() + " of a cron expression takes the numbers "
                + kind.least + " to " + kind.most + names + ", and lists, ranges and steps of them. '" + text
                + "' is not one of these.");
    }

    /** Returns whether it matches in each hour of a day that it matches in at all. */
    boolean isOfEachHour() {
        return of(Field.HOUR).cardinality() == Field.HOUR.most + 1;
    }

    /** Returns the first local time at or after another that it matches; empty where there is none. @param from rounded up to seconds */
    Optional<LocalDateTime> next(LocalDateTime from) {
        LocalDateTime second = from.truncatedTo(ChronoUnit.SECONDS);
        LocalDateTime time = second.isBefore(from) ? second.plusSeconds(1) : second;
        int end = time.getYear() + YEARS;
        while (time.getYear() <= end) {
            if (!of(Field.MONTH).get(time.getMonthValue())) {
                time = YearMonth.from(time).plusMonths(1).atDay(1).atStartOfDay();
            } else if (!matchesDay(time)) {
                time = time.toLocalDate().plusDays(1).atStartOfDay();
            } else {
                Optional<LocalTime> found = nextOfDay(time.toLocalTime());
                if (found.isPresent()) {
                    return Optional.of(time.toLocalDate().atTime(found.get()));
                }
                time = time.toLocalDate().plusDays(1).atStartOfDay();
            }
        }
        return Optional.empty();
    }

    private boolean matchesDay(LocalDateTime time) {
        DayOfWeek day = time.getDayOfWeek();
        return of(Field.DAY).get(time.getDayOfMonth()) && of(Field.DAY_OF_WEEK).get(day.getValue() % DAYS_OF_WEEK);
    }

    private Optional<LocalTime> nextOfDay(LocalTime from) {
        int firstMinute = of(Field.MINUTE).nextSetBit(0);
        int firstSecond = of(Field.SECOND).nextSetBit(0);
        int hour = of(Field.HOUR).nextSetBit(from.getHour());
        if (hour == from.getHour()) {
            int minute = of(Field.MINUTE).nextSetBit(from.getMinute());
            if (minute == from.getMinute()) {
                int second = of(Field.SECOND).nextSetBit(from.getSecond());
                if (second >= 0) {
                    return Optional.of(LocalTime.of(hour, minute, second));
                }
                minute = of(Field.MINUTE).nextSetBit(from.getMinute() + 1);
            }
            if (minute >= 0) {
                return Optional.of(LocalTime.of(hour, minute, firstSecond));
            }
            hour = of(Field.HOUR).nextSetBit(from.getHour() + 1);
        }
        return hour < 0 ? Optional.empty() : Optional.of(LocalTime.of(hour, firstMinute, firstSecond));
    }

    private BitSet of(Field field) {
        return fields.get(field.ordinal());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ncrontab cron && cron.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** Returns the expression as it was written. */
    @Override
    public String toString() {
        return text;
    }
}
