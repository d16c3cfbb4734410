package io.muster.schedule;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Lists the times of a rule slowly, as RFC 5545 says it: it asks each day, or each minute, whether the rule names it. Weeks begin on Monday. Knows nothing of what it is compared with. */
final class RruleReference {
    private final Map<String, String> parts = new HashMap<>();
    private final LocalDateTime start;

    RruleReference(String rule, LocalDateTime start) {
        Arrays.stream(rule.split(";")).forEach(part -> parts.put(part.split("=")[0], part.split("=")[1]));
        this.start = start;
    }

    private List<Integer> numbers(String part) {
        return parts.containsKey(part)
                ? Arrays.stream(parts.get(part).split(","))
                        .map(Integer::valueOf)
                        .toList()
                : List.of();
    }

    private boolean names(String part, int number, int length) {
        return !parts.containsKey(part)
                || numbers(part).contains(number)
                || numbers(part).contains(number - length - 1);
    }

    private int interval() {
        return Integer.parseInt(parts.getOrDefault("INTERVAL", "1"));
    }

    /** Lists times up to a day. */
    List<LocalDateTime> times(LocalDate last) {
        return parts.get("FREQ").endsWith("LY") && List.of("HOURLY", "MINUTELY").contains(parts.get("FREQ"))
                ? ofDay(last)
                : ofDays(last);
    }

    private List<LocalDateTime> ofDay(LocalDate last) {
        boolean hourly = parts.get("FREQ").equals("HOURLY");
        List<LocalDateTime> times = new ArrayList<>();
        for (LocalDateTime time = start; time.toLocalDate().isBefore(last); time = time.plusMinutes(1)) {
            long units = hourly
                    ? ChronoUnit.HOURS.between(start.truncatedTo(ChronoUnit.HOURS), time)
                    : ChronoUnit.MINUTES.between(start, time);
            boolean minute = hourly && !parts.containsKey("BYMINUTE")
                    ? time.getMinute() == start.getMinute()
                    : names("BYMINUTE", time.getMinute(), 1000);
            if (units % interval() == 0
                    && minute
                    && names("BYHOUR", time.getHour(), 1000)
                    && limits(time.toLocalDate())) {
                times.add(time);
            }
        }
        return times;
    }

    private boolean limits(LocalDate day) {
        return names("BYMONTH", day.getMonthValue(), 1000)
                && names("BYMONTHDAY", day.getDayOfMonth(), day.lengthOfMonth())
                && names("BYYEARDAY", day.getDayOfYear(), day.lengthOfYear())
                && (!parts.containsKey("BYDAY") || namesDay(day));
    }

    private boolean namesDay(LocalDate day) {
        String code = day.getDayOfWeek().name().substring(0, 2);
        boolean inMonth = parts.get("FREQ").equals("MONTHLY") || parts.containsKey("BYMONTH");
        int number = inMonth ? day.getDayOfMonth() : day.getDayOfYear();
        int length = inMonth ? day.lengthOfMonth() : day.lengthOfYear();
        return Arrays.asList(parts.get("BYDAY").split(",")).stream()
                .anyMatch(named -> named.equals(code)
                        || named.equals(((number - 1) / 7 + 1) + code)
                        || named.equals(-((length - number) / 7 + 1) + code));
    }

    private List<LocalDateTime> ofDays(LocalDate last) {
        Map<Long, List<LocalDate>> intervals = new TreeMap<>();
        // Whole intervals: positions may count from their end.
        LocalDate end = last.plusYears(1).withDayOfYear(8);
        for (LocalDate day = start.toLocalDate().withDayOfYear(1).minusDays(7);
                day.isBefore(end);
                day = day.plusDays(1)) {
            long of = intervalOf(day)
                    - (parts.containsKey("BYWEEKNO") ? start.getYear() : intervalOf(start.toLocalDate()));
            if (of >= 0 && of % interval() == 0 && isNamed(day)) {
                intervals.computeIfAbsent(of, _ -> new ArrayList<>()).add(day);
            }
        }
        List<LocalDateTime> times = new ArrayList<>();
        for (List<LocalDate> days : intervals.values()) {
            for (LocalDate day : positioned(days)) {
                for (int hour :
                        new TreeSet<>(parts.containsKey("BYHOUR") ? numbers("BYHOUR") : List.of(start.getHour()))) {
                    for (int minute : new TreeSet<>(
                            parts.containsKey("BYMINUTE") ? numbers("BYMINUTE") : List.of(start.getMinute()))) {
                        times.add(day.atTime(hour, minute, start.getSecond()));
                    }
                }
            }
        }
        return times.stream()
                .filter(time -> !time.isBefore(start) && time.toLocalDate().isBefore(last))
                .sorted()
                .distinct()
                .toList();
    }

    private List<LocalDate> positioned(List<LocalDate> days) {
        return numbers("BYSETPOS").isEmpty()
                ? days
                : numbers("BYSETPOS").stream()
                        .map(position -> position > 0 ? position - 1 : days.size() + position)
                        .filter(index -> index >= 0 && index < days.size())
                        .map(days::get)
                        .toList();
    }

    private long intervalOf(LocalDate day) {
        return switch (parts.get("FREQ")) {
            case "DAILY" -> day.toEpochDay();
            case "WEEKLY" ->
                day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY)).toEpochDay() / 7;
            case "MONTHLY" -> day.getYear() * 12L + day.getMonthValue();
            default -> parts.containsKey("BYWEEKNO") ? day.get(IsoFields.WEEK_BASED_YEAR) : day.getYear();
        };
    }

    private boolean isNamed(LocalDate day) {
        if (!limits(day)) {
            return false;
        }
        if (parts.containsKey("BYWEEKNO")
                && !names("BYWEEKNO", day.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), (int)
                        IsoFields.WEEK_OF_WEEK_BASED_YEAR.rangeRefinedBy(day).getMaximum())) {
            return false;
        }
        boolean saysDay =
                parts.containsKey("BYDAY") || parts.containsKey("BYMONTHDAY") || parts.containsKey("BYYEARDAY");
        return switch (parts.get("FREQ")) {
            case "DAILY" -> true;
            case "WEEKLY" -> saysDay || day.getDayOfWeek() == start.getDayOfWeek();
            case "MONTHLY" -> saysDay || day.getDayOfMonth() == start.getDayOfMonth();
            default ->
                saysDay
                        || (parts.containsKey("BYWEEKNO")
                                ? day.getDayOfWeek() == start.getDayOfWeek()
                                : day.getDayOfMonth() == start.getDayOfMonth()
                                        && (parts.containsKey("BYMONTH") || day.getMonth() == start.getMonth()));
        };
    }
}
