package io.muster.schedule;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Is a recurrence set of RFC 5545: the times of its rules and its further dates, but for its exceptions. Rules of days and longer go by the clocks of the schedule's zone; those of
 * minutes and hours that name no days and hours go by what elapses. An end is compared as an instant. Immutable.
 *
 * <p>Everything is bounded: the text, the rules, the dates, how often a rule that counts fires, and how far a time is looked for. Contract: webjobs-and-schedules, 2.10.
 */
public final class RecurrenceSet {
    private static final int LONGEST = 4096;
    private static final int MOST_RULES = 10;
    private static final int MOST_DATES = 100;
    private static final int MOST_COUNTED = 1000;
    private static final int LEAST_FOREIGN = 128;
    private static final String ZONE = "TZID=";

    private final List<String> lines;
    private final List<Rrule> rules = new ArrayList<>();
    private final List<RuleDate> dates = new ArrayList<>();
    private final List<RuleDate> exceptions = new ArrayList<>();

    private RecurrenceSet(List<String> lines) {
        this.lines = List.copyOf(lines);
    }

    /**
     * Reads the lines of a set: {@code RRULE}, {@code RDATE} and {@code EXDATE}, in any case; a line without a name is a rule.
     *
     * @throws ScheduleException when one of them is none, or there are too many
     */
    public static RecurrenceSet parse(List<String> lines) throws ScheduleException {
        if (lines.stream().mapToLong(String::length).sum() + lines.size() > LONGEST) {
            throw new ScheduleException("A recurrence set has " + LONGEST + " characters at most.");
        }
        RecurrenceSet set = new RecurrenceSet(lines);
        for (String line : lines) {
            if (line.chars().anyMatch(letter -> letter >= LEAST_FOREIGN)) {
                throw new ScheduleException("A recurrence set is written in the letters of ASCII.");
            }
            set.read(line.strip());
        }
        if (set.rules.isEmpty() && set.dates.isEmpty()) {
            throw new ScheduleException(
                    "Give a rule such as RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU, or a date as RDATE.");
        }
        if (set.rules.size() > MOST_RULES || set.dates.size() + set.exceptions.size() > MOST_DATES) {
            throw new ScheduleException("A recurrence set has " + MOST_RULES + " rules, and " + MOST_DATES
                    + " dates of RDATE and EXDATE, at most.");
        }
        if (set.rules.stream().mapToInt(rule -> rule.count().orElse(0)).sum() > MOST_COUNTED) {
            throw new ScheduleException(
                    "The rules of a set count up to " + MOST_COUNTED + " times in all: give UNTIL.");
        }
        return set;
    }

    private void read(String written) throws ScheduleException {
        String line = written.toUpperCase(Locale.ROOT);
        int colon = line.indexOf(':');
        String[] head = line.substring(0, Math.max(colon, 0)).split(";", -1);
        String value = line.substring(colon + 1);
        switch (head[0]) {
            case "", "RRULE" -> {
                if (head.length > 1) {
                    throw new ScheduleException("RRULE has no parameters: a colon follows it.");
                }
                rules.add(RruleParser.parse(value));
            }
            case "RDATE" -> dates.addAll(dates("RDATE", head, value, written));
            case "EXDATE" -> exceptions.addAll(dates("EXDATE", head, value, written));
            case "DTSTART" ->
                throw new ScheduleException("Give the start as startTime, and its zone as timeZone, not as DTSTART.");
            default -> throw new ScheduleException("A line of a recurrence set begins with RRULE:, RDATE: or EXDATE:.");
        }
        if (dates.stream().anyMatch(RuleDate::wholeDay)) {
            throw new ScheduleException("RDATE takes a date with a time, such as 20271231T093000.");
        }
    }

    private static List<RuleDate> dates(String name, String[] head, String value, String written)
            throws ScheduleException {
        Optional<ZoneId> zone = Optional.empty();
        for (int i = 1; i < head.length; i++) {
            if (head[i].startsWith(ZONE)) {
                // Names of zones are told apart by case.
                int begin = written.toUpperCase(Locale.ROOT).indexOf(ZONE) + ZONE.length();
                zone = Optional.of(Schedule.zone(written.substring(begin, begin + head[i].length() - ZONE.length())));
            } else if (!head[i].equals("VALUE=DATE") && !head[i].equals("VALUE=DATE-TIME")) {
                throw new ScheduleException(name + " has the parameters TZID and VALUE, and no other.");
            }
        }
        List<RuleDate> dates = new ArrayList<>();
        for (String text : value.split(",", -1)) {
            RuleDate date = RuleDate.parse(name, text);
            dates.add(zone.map(date::in).orElse(date));
        }
        return dates;
    }

    /** Returns its lines, as they were given. */
    public List<String> lines() {
        return lines;
    }

    @Override
    public String toString() {
        return String.join("\n", lines);
    }

    /** Rejects a set that fires never, and one with a rule that does. @param start from which intervals are counted */
    void check(Instant start, WallClock clock) throws ScheduleException {
        Instant before = start.minusNanos(1);
        for (Rrule rule : rules) {
            if (next(rule, before, start, clock).isEmpty()) {
                throw new ScheduleException(
                        "A rule of the schedule never fires: nothing matches it from its start on.");
            }
        }
        if (next(before, start, clock).isEmpty()) {
            throw new ScheduleException("The schedule never fires: its dates are before its start, or excepted.");
        }
    }

    /**
     * Returns the first firing behind an instant.
     *
     * @param after not before the start by more than a moment
     * @param start from which intervals are counted
     */
    Optional<Occurrence> next(Instant after, Instant start, WallClock clock) {
        Set<Instant> times = exceptions.stream()
                .filter(date -> !date.wholeDay())
                .map(date -> date.instant(clock))
                .collect(Collectors.toSet());
        Set<LocalDate> days = exceptions.stream()
                .filter(RuleDate::wholeDay)
                .map(date -> date.time().toLocalDate())
                .collect(Collectors.toSet());
        Optional<Occurrence> found = any(after, start, clock);
        while (found.isPresent()) {
            Instant time = found.get().time();
            LocalDate day = found.get().localTime().toLocalDate();
            if (days.contains(day)) {
                time = day.plusDays(1).atStartOfDay(clock.zone()).toInstant().minusNanos(1);
            } else if (!times.contains(time)) {
                return found;
            }
            found = any(time, start, clock);
        }
        return found;
    }

    private Optional<Occurrence> any(Instant after, Instant start, WallClock clock) {
        Stream<Occurrence> ofRules = rules.stream().flatMap(rule -> next(rule, after, start, clock).stream());
        Stream<Occurrence> ofDates = dates.stream()
                .map(date -> clock.at(date.instant(clock)))
                .filter(date -> date.time().isAfter(after));
        return Stream.concat(ofRules, ofDates).min(Comparator.comparing(Occurrence::time));
    }

    private static Optional<Occurrence> next(Rrule rule, Instant after, Instant start, WallClock clock) {
        if (rule.count().isPresent()) {
            return counted(rule, start, clock)
                    .filter(occurrence -> occurrence.time().isAfter(after))
                    .min(Comparator.comparing(Occurrence::time));
        }
        return uncounted(rule, after, start, clock)
                .filter(found -> rule.until()
                        .map(until -> !found.time().isAfter(until.end(clock)))
                        .orElse(true));
    }

    private static Optional<Occurrence> uncounted(Rrule rule, Instant after, Instant start, WallClock clock) {
        if (!rule.isElapsed()) {
            LocalDateTime first = clock.local(start);
            return clock.next(after, from -> rule.times(first, from));
        }
        ZoneOffset offset = clock.zone().getRules().getOffset(start);
        Iterator<LocalDateTime> times =
                rule.times(LocalDateTime.ofInstant(start, offset), LocalDateTime.ofInstant(after, offset));
        while (times.hasNext()) {
            Instant time = times.next().toInstant(offset);
            if (time.isAfter(after)) {
                return Optional.of(clock.at(time));
            }
        }
        return Optional.empty();
    }

    /** Returns all times of a rule that counts them. */
    private static Stream<Occurrence> counted(Rrule rule, Instant start, WallClock clock) {
        ZoneOffset offset = clock.zone().getRules().getOffset(start);
        LocalDateTime first = LocalDateTime.ofInstant(start, offset);
        LocalDateTime from = first;
        Iterator<LocalDateTime> times = rule.times(first, from);
        List<Occurrence> occurrences = new ArrayList<>();
        while (occurrences.size() < rule.count().getAsInt()) {
            if (!times.hasNext()) {
                // A list ends some years ahead.
                times = rule.times(first, from);
                if (!times.hasNext()) {
                    break;
                }
            }
            LocalDateTime time = times.next();
            from = time.plusSeconds(1);
            occurrences.add(rule.isElapsed() ? clock.at(time.toInstant(offset)) : clock.at(time));
        }
        return occurrences.stream();
    }
}
