package io.muster.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Tests what the search for a time of intervals costs. */
class PeriodTimesTest {
    private static final LocalDateTime START = LocalDateTime.parse("2026-11-30T00:01:00");

    /** Searches the last days of leap years for an hour to which no interval comes: each step passed over four years, fifteen thousand times. */
    @Test
    void searchesFortyYearsAhead() {
        AtomicInteger asked = new AtomicInteger();
        PeriodTimes.Period period = new PeriodTimes.Period(
                ChronoUnit.MINUTES,
                997,
                day -> {
                    asked.incrementAndGet();
                    return Optional.of(lastOfLeapYear(day));
                },
                new TreeSet<>(),
                new TreeSet<>(List.of(99)),
                0);
        assertThat(new PeriodTimes(period, START, START).hasNext()).isFalse();
        assertThat(asked.get()).isLessThan(100);
    }

    private static LocalDate lastOfLeapYear(LocalDate from) {
        LocalDate day = from.withMonth(12).withDayOfMonth(31);
        while (!day.isLeapYear()) {
            day = day.plusYears(1);
        }
        return day;
    }
}
