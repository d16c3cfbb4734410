package io.muster.schedule;

import io.muster.schedule.CalendarRule.NthDay;
import io.muster.schedule.Rrule.Frequency;
import io.muster.schedule.Rrule.Part;
import java.time.DayOfWeek;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads a rule of RFC 5545 that anybody may have written. Each fault is a sentence that names the part. Source: RFC 5545, 3.3.10. */
final class RruleParser {
    private static final int MOST_COUNTED = 1000;
    private static final int WEEKS_OF_MONTH = 5;
    private static final int WEEKS_OF_YEAR = 53;
    private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9]{1,4}");
    private static final Pattern DAY = Pattern.compile("([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)");

    private final Map<String, String> parts = new HashMap<>();

    private RruleParser() {}

    /** Reads a rule in upper case. @throws ScheduleException when it is none, or one that this engine does not take */
    static Rrule parse(String text) throws ScheduleException {
        RruleParser parser = new RruleParser();
        for (String part : text.split(";", -1)) {
            int equals = part.indexOf('=');
            if (equals < 1 || equals == part.length() - 1) {
                throw new ScheduleException("A rule has parts such as FREQ=DAILY, with a semicolon between them.");
            }
            if (parser.parts.put(part.substring(0, equals), part.substring(equals + 1)) != null) {
                throw new ScheduleException("A rule has each of its parts once.");
            }
        }
        return parser.rule();
    }

    private Rrule rule() throws ScheduleException {
        Frequency frequency = frequency();
        int interval = number("INTERVAL", 1, frequency.longest).orElse(1);
        OptionalInt count = number("COUNT", 1, MOST_COUNTED);
        String until = parts.remove("UNTIL");
        if (count.isPresent() && until != null) {
            throw new ScheduleException("A rule has COUNT or UNTIL, and not both.");
        }
        String weekStart = parts.remove("WKST");
        List<NthDay> days = days();
        Map<Part, SortedSet<Integer>> numbers = new EnumMap<>(Part.class);
        for (Part part : Part.values()) {
            String listed = parts.remove(part.name());
            if (listed != null) {
                numbers.put(part, numbers(part, listed));
            }
        }
        if (!parts.isEmpty()) {
            throw new ScheduleException(
                    "A rule has the parts FREQ, INTERVAL, COUNT, UNTIL, WKST, BYDAY, BYMONTH, BYWEEKNO, BYYEARDAY, "
                            + "BYMONTHDAY, BYHOUR, BYMINUTE, BYSECOND and BYSETPOS, and no other.");
        }
        Rrule rule = new Rrule(
                frequency,
                interval,
                weekStart == null ? DayOfWeek.MONDAY : day("WKST", weekStart),
                count,
                until == null ? Optional.empty() : Optional.of(RuleDate.parse("UNTIL", until)),
                numbers,
                days);
        check(rule);
        return rule;
    }

    private Frequency frequency() throws ScheduleException {
        String text = parts.remove("FREQ");
        return Arrays.stream(Frequency.values())
                .filter(known -> known.name().equals(text))
                .findFirst()
                .orElseThrow(
                        () -> new ScheduleException(
                                "FREQ is MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY: a rule repeats by the minute at most."));
    }

    private OptionalInt number(String name, int least, int most) throws ScheduleException {
        String text = parts.remove(name);
        return text == null ? OptionalInt.empty() : OptionalInt.of(number(name, text, least, most));
    }

    private static int number(String name, String text, int least, int most) throws ScheduleException {
        int number = NUMBER.matcher(text).matches() ? Integer.parseInt(text) : Integer.MIN_VALUE;
        if (number < least || number > most) {
            throw new ScheduleException(name + " is a number from " + least + " to " + most + ".");
        }
        return number;
    }

    private static SortedSet<Integer> numbers(Part part, String listed) throws ScheduleException {
        SortedSet<Integer> numbers = new TreeSet<>();
        for (String text : listed.split(",", -1)) {
            int number = NUMBER.matcher(text).matches() ? Integer.parseInt(text) : Integer.MIN_VALUE;
            int distance = part.fromEnd ? Math.abs(number) : number;
            if (distance < part.least || distance > part.most) {
                throw new ScheduleException(part + " takes numbers from " + part.least + " to " + part.most
                        + (part.fromEnd ? ", or from -1 to -" + part.most + " from the end." : "."));
            }
            numbers.add(number);
        }
        return numbers;
    }

    private List<NthDay> days() throws ScheduleException {
        String listed = parts.remove("BYDAY");
        List<NthDay> days = new ArrayList<>();
        if (listed != null) {
            for (String text : listed.split(",", -1)) {
                Matcher matcher = DAY.matcher(text);
                int nth = matcher.matches() && matcher.group(1) != null ? Integer.parseInt(matcher.group(1)) : 0;
                if (!matcher.matches() || matcher.group(1) != null && (nth == 0 || Math.abs(nth) > WEEKS_OF_YEAR)) {
                    throw new ScheduleException("BYDAY takes days such as MO, and 1FR or -1FR for the first or last.");
                }
                days.add(new NthDay(day("BYDAY", matcher.group(2)), nth));
            }
        }
        return days.stream().distinct().toList();
    }

    private static DayOfWeek day(String name, String code) throws ScheduleException {
        return Arrays.stream(DayOfWeek.values())
                .filter(day -> Rrule.code(day).equals(code))
                .findFirst()
                .orElseThrow(() -> new ScheduleException(name + " takes MO, TU, WE, TH, FR, SA and SU."));
    }

    private static void check(Rrule rule) throws ScheduleException {
        Frequency frequency = rule.frequency();
        Map<Part, SortedSet<Integer>> numbers = rule.numbers();
        boolean yearly = frequency == Frequency.YEARLY;
        if (numbers.containsKey(Part.BYWEEKNO) && !yearly) {
            throw new ScheduleException("BYWEEKNO goes with FREQ=YEARLY.");
        }
        if (numbers.containsKey(Part.BYWEEKNO)
                && Stream.of(Part.BYMONTH, Part.BYMONTHDAY, Part.BYYEARDAY, Part.BYSETPOS)
                        .anyMatch(numbers::containsKey)) {
            throw new ScheduleException("BYWEEKNO goes with BYDAY alone, and with times of day.");
        }
        if (numbers.containsKey(Part.BYYEARDAY) && !yearly && !frequency.isOfDay()) {
            throw new ScheduleException("BYYEARDAY does not go with DAILY, WEEKLY and MONTHLY.");
        }
        if (numbers.containsKey(Part.BYMONTHDAY) && frequency == Frequency.WEEKLY) {
            throw new ScheduleException("BYMONTHDAY does not go with FREQ=WEEKLY.");
        }
        int farthest =
                rule.days().stream().mapToInt(day -> Math.abs(day.nth())).max().orElse(0);
        if (farthest > 0 && (!yearly && frequency != Frequency.MONTHLY || numbers.containsKey(Part.BYWEEKNO))) {
            throw new ScheduleException("Days such as 1FR go with MONTHLY, and with YEARLY without BYWEEKNO.");
        }
        if (farthest > 0 && yearly && numbers.containsKey(Part.BYMONTHDAY) && !numbers.containsKey(Part.BYMONTH)) {
            throw new ScheduleException("Days such as 1FR go with BYMONTHDAY where BYMONTH names the months.");
        }
        if (farthest > WEEKS_OF_MONTH && (!yearly || numbers.containsKey(Part.BYMONTH))) {
            throw new ScheduleException("A month has five weeks at most: BYDAY takes 1MO to 5MO, and -1MO to -5MO.");
        }
        checkTimes(rule);
    }

    private static void checkTimes(Rrule rule) throws ScheduleException {
        Map<Part, SortedSet<Integer>> numbers = rule.numbers();
        if (size(numbers, Part.BYSECOND) > 1) {
            throw new ScheduleException("BYSECOND takes one second: a rule repeats by the minute at most.");
        }
        if (!numbers.containsKey(Part.BYSETPOS)) {
            return;
        }
        boolean ofDays = !rule.frequency().isOfDay() && rule.frequency() != Frequency.DAILY;
        if (!ofDays || size(numbers, Part.BYHOUR) > 1 || size(numbers, Part.BYMINUTE) > 1) {
            throw new ScheduleException(
                    "BYSETPOS counts days of a week, a month or a year, and goes with one time of day.");
        }
    }

    private static int size(Map<Part, SortedSet<Integer>> numbers, Part part) {
        return numbers.getOrDefault(part, new TreeSet<>()).size();
    }
}
