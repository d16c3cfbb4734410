package io.muster.api.schedule;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.api.json.Dates;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.CalendarRecurrence;
import io.muster.records.CalendarUnit;
import io.muster.records.CronRecurrence;
import io.muster.records.ElapsedRecurrence;
import io.muster.records.NthWeekday;
import io.muster.records.RuleRecurrence;
import io.muster.records.Timing;
import io.muster.schedule.CalendarRule;
import io.muster.schedule.CalendarRule.NthDay;
import io.muster.schedule.CalendarRule.Unit;
import io.muster.schedule.Ncrontab;
import io.muster.schedule.Recurrence;
import io.muster.schedule.RecurrenceSet;
import io.muster.schedule.Schedule;
import io.muster.schedule.ScheduleException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Holds a schedule as its surface's document says it.
 *
 * @param count how often it fires at most; empty for no limit
 */
public record ScheduleDocument(Schedule schedule, OptionalInt count) {
    /** Lists the members that {@link #of} reads. */
    public static final Members MEMBERS =
            Members.of("timeZone", "startTime", "recurrence", "cron", "schedule", "rrule");

    private static final Members RECURRENCE = Members.of("frequency", "interval", "count", "endTime", "schedule");
    private static final Members TIMES = Members.of("minutes", "hours", "weekDays", "monthDays", "monthlyOccurrences");
    private static final Members NTH_DAY = Members.of("day", "Occurrence", "occurrence");
    private static final Members CENTRAL = Members.of("start", "recurrence", "end");
    private static final Members CENTRAL_END = Members.of("type", "date", "occurrences");

    private static final Map<String, Unit> FREQUENCIES = new TreeMap<>(
            Map.of("minute", Unit.MINUTE, "hour", Unit.HOUR, "day", Unit.DAY, "week", Unit.WEEK, "month", Unit.MONTH));
    private static final Map<String, Unit> CENTRAL_RECURRENCES =
            new TreeMap<>(Map.of("daily", Unit.DAY, "weekly", Unit.WEEK, "monthly", Unit.MONTH));

    private static final int MOST_CENTRAL = 999;
    private static final int MOST_VALUES = 100;

    /**
     * Reads a schedule that is written as any of the surfaces writes one: {@code timeZone}, {@code startTime}, and one of {@code recurrence} (Azure
     * Scheduler's), {@code cron}, {@code schedule} (IoT Central's) and {@code rrule} (a recurrence set of RFC 5545, as one text or a line each).
     *
     * @throws ProblemException when a member is wrong
     */
    public static ScheduleDocument of(JsonBody body, Instant now) {
        if (Stream.of("recurrence", "cron", "schedule", "rrule")
                        .filter(body::has)
                        .count()
                != 1) {
            throw invalid("Give one of recurrence, cron, schedule and rrule: how it repeats.");
        }
        ZoneId zone = zone(body.text("timeZone").orElse("UTC"));
        Optional<Instant> start = body.text("startTime").map(text -> Dates.parse("startTime", text));
        Optional<JsonBody> recurrence = body.object("recurrence");
        if (recurrence.isPresent()) {
            return ofScheduler(recurrence.get(), zone, start, now);
        }
        Optional<JsonBody> schedule = body.object("schedule");
        if (schedule.isPresent()) {
            return ofCentral(schedule.get(), zone, now);
        }
        if (body.has("rrule")) {
            return ofRules(
                    body,
                    zone,
                    start.orElseThrow(
                            () -> invalid("Give startTime: the time from which the intervals of rrule count.")));
        }
        // A cron expression does not count from its start: the same document is the same timing whenever it is read.
        return ofCron(body.text("cron").orElse(""), zone, start.orElse(Instant.EPOCH));
    }

    /** Returns the schedule as a record. */
    public Timing timing() {
        return new Timing(
                schedule.zone().getId(),
                schedule.atOnce() ? null : schedule.start(),
                recurrence(schedule.recurrence()),
                schedule.end().orElse(null),
                count.isPresent() ? (long) count.getAsInt() : null);
    }

    private static @Nullable Object recurrence(Recurrence recurrence) {
        return switch (recurrence) {
            case Recurrence.Once _ -> null;
            case Recurrence.Elapsed(Duration period) -> new ElapsedRecurrence(period.toSeconds());
            case Recurrence.Cron(Ncrontab expression) -> new CronRecurrence(expression.toString());
            case Recurrence.Rules(RecurrenceSet rules) -> new RuleRecurrence(rules.lines());
            case Recurrence.Calendar(CalendarRule rule) ->
                new CalendarRecurrence(
                        CalendarUnit.valueOf(rule.unit().name()),
                        rule.interval(),
                        List.copyOf(rule.hours()),
                        List.copyOf(rule.minutes()),
                        rule.weekDays().stream().map(DayOfWeek::getValue).toList(),
                        List.copyOf(rule.monthDays()),
                        rule.nthDays().stream()
                                .map(nth -> new NthWeekday(nth.day().getValue(), nth.nth()))
                                .toList());
        };
    }

    /** Returns the zone of a name such as Europe/Paris. @throws ProblemException when there is none of it */
    public static ZoneId zone(String name) {
        try {
            return Schedule.zone(name);
        } catch (ScheduleException e) {
            throw invalid(e.getMessage());
        }
    }

    /**
     * Reads a recurrence of Azure Scheduler.
     *
     * @param start empty where the document has none: it starts now
     * @throws ProblemException when a member is wrong
     */
    public static ScheduleDocument ofScheduler(JsonBody recurrence, ZoneId zone, Optional<Instant> start, Instant now) {
        recurrence.rejectOthers(RECURRENCE);
        Unit unit = oneOf(recurrence, "frequency", FREQUENCIES)
                .orElseThrow(() -> invalid("Give recurrence.frequency: one of " + FREQUENCIES.keySet() + "."));
        int interval = recurrence.number("interval").orElse(1);
        OptionalInt count = within(recurrence, "count", 1, Integer.MAX_VALUE);
        Optional<Instant> end = recurrence.text("endTime").map(text -> Dates.parse("recurrence.endTime", text));
        if (end.isPresent() && !end.get().isAfter(now)) {
            throw recurrence.wrong("endTime", "a time that is not past");
        }
        Recurrence rule;
        try {
            rule = Recurrence.every(interval, unit);
            Optional<JsonBody> times = recurrence.object("schedule");
            if (times.isPresent()) {
                CalendarRule listed = rule(times.get(), unit, interval);
                rule = listed.equals(CalendarRule.every(interval, unit)) ? rule : new Recurrence.Calendar(listed);
            }
        } catch (ScheduleException e) {
            throw invalid(e.getMessage());
        }
        return new ScheduleDocument(schedule(zone, start, now, rule, end), count);
    }

    /** Returns a schedule that fires once. @param start empty for now */
    public static ScheduleDocument once(ZoneId zone, Optional<Instant> start, Instant now) {
        return new ScheduleDocument(
                schedule(zone, start, now, new Recurrence.Once(), Optional.empty()), OptionalInt.empty());
    }

    /** Reads an NCRONTAB expression. @throws ProblemException when it is none */
    public static ScheduleDocument ofCron(String expression, ZoneId zone, Instant start) {
        try {
            Recurrence rule = new Recurrence.Cron(Ncrontab.parse(expression));
            return new ScheduleDocument(Schedule.of(zone, start, false, rule, Optional.empty()), OptionalInt.empty());
        } catch (ScheduleException e) {
            throw invalid(e.getMessage());
        }
    }

    private static ScheduleDocument ofRules(JsonBody body, ZoneId zone, Instant start) {
        boolean isText = body.member("rrule").filter(JsonNode::isTextual).isPresent();
        List<String> lines = isText ? body.text("rrule").orElse("").lines().toList() : body.texts("rrule");
        try {
            Recurrence rules = new Recurrence.Rules(RecurrenceSet.parse(lines));
            return new ScheduleDocument(Schedule.of(zone, start, false, rules, Optional.empty()), OptionalInt.empty());
        } catch (ScheduleException e) {
            throw invalid(e.getMessage());
        }
    }

    /**
     * Reads the schedule of a scheduled job of IoT Central. An end that is a date holds through that day in the zone.
     *
     * @throws ProblemException when a member is wrong
     */
    public static ScheduleDocument ofCentral(JsonBody schedule, ZoneId zone, Instant now) {
        schedule.rejectOthers(CENTRAL);
        Instant start = schedule.text("start")
                .map(text -> Dates.parse("schedule.start", text))
                .orElseThrow(() -> invalid("Give schedule.start: the time at which it begins."));
        Recurrence rule = oneOf(schedule, "recurrence", CENTRAL_RECURRENCES)
                .<Recurrence>map(unit -> new Recurrence.Calendar(CalendarRule.every(1, unit)))
                .orElseGet(Recurrence.Once::new);
        Optional<JsonBody> end = schedule.object("end");
        Optional<Instant> last = Optional.empty();
        OptionalInt count = OptionalInt.empty();
        if (end.isPresent()) {
            JsonBody body = end.get().rejectOthers(CENTRAL_END);
            switch (body.text("type").orElse("")) {
                case "date" ->
                    last = Optional.of(
                            day(body).plusDays(1).atStartOfDay(zone).toInstant().minusNanos(1));
                case "occurrences" -> {
                    count = within(body, "occurrences", 1, MOST_CENTRAL);
                    if (count.isEmpty()) {
                        throw body.wrong("occurrences", "a number from 1 to " + MOST_CENTRAL);
                    }
                }
                default -> throw body.wrong("type", "date or occurrences");
            }
        }
        return new ScheduleDocument(schedule(zone, Optional.of(start), now, rule, last), count);
    }

    private static LocalDate day(JsonBody end) {
        try {
            return LocalDate.parse(end.text("date").orElse(""));
        } catch (DateTimeParseException e) {
            throw end.wrong("date", "a day such as 2027-01-31");
        }
    }

    private static Schedule schedule(
            ZoneId zone, Optional<Instant> start, Instant now, Recurrence rule, Optional<Instant> end) {
        try {
            return Schedule.of(zone, start.orElse(now), start.isEmpty(), rule, end);
        } catch (ScheduleException e) {
            throw invalid(e.getMessage());
        }
    }

    private static CalendarRule rule(JsonBody times, Unit unit, int interval) throws ScheduleException {
        times.rejectOthers(TIMES);
        SortedSet<DayOfWeek> weekDays = new TreeSet<>();
        for (JsonNode day : values(times, "weekDays")) {
            weekDays.add(day(times, "weekDays", day));
        }
        List<NthDay> nthDays = new ArrayList<>();
        for (JsonBody day : times.objects("monthlyOccurrences")) {
            nthDays.add(nthDay(day.rejectOthers(NTH_DAY)));
        }
        return CalendarRule.of(
                unit,
                interval,
                numbers(times, "hours"),
                numbers(times, "minutes"),
                weekDays,
                numbers(times, "monthDays"),
                nthDays);
    }

    private static NthDay nthDay(JsonBody body) {
        DayOfWeek day = body.member("day")
                .map(node -> day(body, "day", node))
                .orElseThrow(() -> body.wrong("day", "a day of the week"));
        Optional<Integer> nth = body.number(body.has("Occurrence") ? "Occurrence" : "occurrence");
        if (nth.isPresent() && nth.get() == 0) { // Zero is each in a rule, which is said by leaving it out.
            throw body.wrong("Occurrence", "1 to 5, or -1 to -5 from the end of the month");
        }
        return new NthDay(day, nth.orElse(0));
    }

    private static DayOfWeek day(JsonBody body, String name, JsonNode node) {
        return Arrays.stream(DayOfWeek.values())
                .filter(day -> day.name().equalsIgnoreCase(node.textValue()))
                .findFirst()
                .orElseThrow(() -> body.wrong(name, "a day of the week, such as Monday"));
    }

    private static SortedSet<Integer> numbers(JsonBody body, String name) {
        SortedSet<Integer> numbers = new TreeSet<>();
        for (JsonNode value : values(body, name)) {
            if (!value.isIntegralNumber() || !value.canConvertToInt()) {
                throw body.wrong(name, "a number, or a list of numbers");
            }
            numbers.add(value.intValue());
        }
        return numbers;
    }

    /** Returns the elements of an array, or a single value as one. */
    private static List<JsonNode> values(JsonBody body, String name) {
        List<JsonNode> values = new ArrayList<>();
        body.member(name).ifPresent(node -> {
            if (node.isArray()) {
                node.forEach(values::add);
            } else {
                values.add(node);
            }
        });
        if (values.size() > MOST_VALUES) {
            throw body.wrong(name, "a list of " + MOST_VALUES + " values at most");
        }
        return values;
    }

    private static <T> Optional<T> oneOf(JsonBody body, String name, Map<String, T> words) {
        return body.text(name).map(text -> {
            T found = words.get(text.toLowerCase(Locale.ROOT));
            if (found == null) {
                throw body.wrong(name, "one of " + words.keySet());
            }
            return found;
        });
    }

    private static OptionalInt within(JsonBody body, String name, int least, int most) {
        Optional<Integer> number = body.number(name);
        if (number.isPresent() && (number.get() < least || number.get() > most)) {
            throw body.wrong(name, "a number from " + least + " to " + most);
        }
        return number.map(OptionalInt::of).orElseGet(OptionalInt::empty);
    }

    private static ProblemException invalid(String message) {
        return new ProblemException(Problem.argumentInvalid(message));
    }
}
