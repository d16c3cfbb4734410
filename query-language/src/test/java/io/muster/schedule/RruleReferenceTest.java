package io.muster.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares rules of RFC 5545, chosen by seed, with a slow and independent list of their times. */
class RruleReferenceTest {
    private static final List<String> DAYS = List.of("MO", "TU", "WE", "TH", "FR", "SA", "SU");
    private static final List<String> FREQUENCIES =
            List.of("MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY", "YEARLY", "YEARLY");

    private static Stream<Long> seeds() {
        return Stream.iterate(1L, seed -> seed + 1).limit(20);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void agreesWithTheReference(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int compared = 0;
        for (int i = 0; i < 12; i++) {
            String rule = rule(random);
            LocalDateTime start = LocalDate.of(2024 + random.nextInt(4), 1, 1)
                    .plusDays(random.nextInt(366))
                    .atTime(random.nextInt(24), random.nextInt(60), random.nextInt(2) * 17);
            boolean isOfDay = rule.startsWith("FREQ=M") && rule.startsWith("FREQ=MI") || rule.startsWith("FREQ=H");
            LocalDate last = start.toLocalDate().plusDays(isOfDay ? 40 : 1500);
            List<LocalDateTime> expected = new RruleReference(rule, start).times(last);
            assertThat(times(rule, start, last)).as("%s from %s", rule, start).isEqualTo(expected);
            compared += expected.isEmpty() ? 0 : 1;
        }
        assertThat(compared).as("rules that fire").isPositive();
    }

    private static List<LocalDateTime> times(String rule, LocalDateTime start, LocalDate last) {
        Schedule schedule;
        try {
            schedule = Schedule.of(
                    ZoneOffset.UTC,
                    start.toInstant(ZoneOffset.UTC),
                    false,
                    new Recurrence.Rules(RecurrenceSet.parse(List.of(rule))),
                    Optional.empty());
        } catch (ScheduleException e) {
            assertThat(e).as(rule).hasMessageContaining("never fires");
            return List.of();
        }
        List<LocalDateTime> times = new ArrayList<>();
        Instant end = last.atStartOfDay().toInstant(ZoneOffset.UTC);
        Optional<Occurrence> next = schedule.first(schedule.start());
        while (next.isPresent() && next.get().time().isBefore(end)) {
            times.add(next.get().localTime().toLocalDateTime());
            next = schedule.after(next.get().time());
        }
        return times;
    }

    private static String rule(SplittableRandom random) {
        String frequency = FREQUENCIES.get(random.nextInt(FREQUENCIES.size()));
        List<String> parts = new ArrayList<>(List.of("FREQ=" + frequency));
        boolean isOfDay = frequency.equals("MINUTELY") || frequency.equals("HOURLY");
        if (random.nextBoolean()) {
            parts.add("INTERVAL=" + (1 + random.nextInt(isOfDay ? 300 : 4)));
        }
        boolean weeks = frequency.equals("YEARLY") && random.nextInt(5) == 0;
        if (weeks) {
            parts.add(listed("BYWEEKNO", random, () -> random.nextInt(4) == 0 ? 53 : signed(random, 53)));
        }
        if (!weeks && random.nextInt(3) == 0) {
            parts.add(listed("BYMONTH", random, () -> 1 + random.nextInt(12)));
        }
        if (!weeks && !frequency.equals("WEEKLY") && random.nextInt(3) == 0) {
            parts.add(listed("BYMONTHDAY", random, () -> signed(random, 31)));
        }
        if ((frequency.equals("YEARLY") && !weeks || isOfDay) && random.nextInt(6) == 0) {
            parts.add(listed("BYYEARDAY", random, () -> signed(random, 366)));
        }
        if (random.nextInt(2) == 0) {
            boolean ofYear = parts.stream().anyMatch(part -> part.startsWith("BYMONTHDAY"))
                    && parts.stream().noneMatch(part -> part.startsWith("BYMONTH="));
            boolean nth = (frequency.equals("MONTHLY") || frequency.equals("YEARLY") && !weeks && !ofYear)
                    && random.nextBoolean();
            parts.add("BYDAY="
                    + random.ints(1 + random.nextInt(3), 0, 7)
                            .mapToObj(day -> (nth ? String.valueOf(signed(random, 5)) : "") + DAYS.get(day))
                            .distinct()
                            .collect(Collectors.joining(",")));
        }
        boolean once = !isOfDay
                && !weeks
                && !frequency.equals("DAILY")
                && parts.stream().anyMatch(part -> part.startsWith("BY"))
                && random.nextInt(3) == 0;
        if (once) {
            parts.add(listed("BYSETPOS", random, () -> signed(random, 4)));
        }
        if (random.nextInt(3) == 0) {
            int hour = random.nextInt(24);
            parts.add(once ? "BYHOUR=" + hour : listed("BYHOUR", random, () -> random.nextInt(24)));
        }
        if (random.nextInt(4) == 0) {
            int minute = random.nextInt(60);
            parts.add(once ? "BYMINUTE=" + minute : listed("BYMINUTE", random, () -> random.nextInt(60)));
        }
        return String.join(";", parts);
    }

    private static int signed(SplittableRandom random, int most) {
        return (1 + random.nextInt(most)) * (random.nextInt(3) == 0 ? -1 : 1);
    }

    private static String listed(String part, SplittableRandom random, IntSupplier number) {
        return part + "="
                + Stream.generate(number::getAsInt)
                        .limit(1 + random.nextInt(3))
                        .distinct()
                        .map(String::valueOf)
                        .collect(Collectors.joining(","));
    }
}
