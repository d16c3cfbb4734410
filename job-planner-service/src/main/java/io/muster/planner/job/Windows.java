package io.muster.planner.job;

import io.muster.records.ExecutionWindow;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Optional;

/**
 * Decides when devices may begin. A window opens at a minute of the local day and ends at another, of the same day or of the next; in the night
 * in which a clock is put forward or back it is as much shorter or longer. Without windows it is always open.
 */
final class Windows {
    static final int MINUTES_OF_A_DAY = 24 * 60;

    private static final int DAYS_AHEAD = 8;

    private Windows() {}

    static boolean isOpen(List<ExecutionWindow> windows, Instant now) {
        return windows.isEmpty() || windows.stream().anyMatch(window -> isOpen(window, now));
    }

    private static boolean isOpen(ExecutionWindow window, Instant now) {
        LocalDate today = now.atZone(zone(window)).toLocalDate();
        return List.of(today.minusDays(1), today).stream()
                .filter(day -> opensOn(window, day))
                .anyMatch(day -> !now.isBefore(opening(window, day)) && now.isBefore(closing(window, day)));
    }

    /** Returns when that changes next; empty without windows. */
    static Optional<Instant> nextChange(List<ExecutionWindow> windows, Instant now) {
        boolean open = isOpen(windows, now);
        return windows.stream()
                .flatMap(window -> {
                    LocalDate today = now.atZone(zone(window)).toLocalDate();
                    return today.minusDays(1)
                            .datesUntil(today.plusDays(DAYS_AHEAD))
                            .filter(day -> opensOn(window, day))
                            .flatMap(day -> List.of(opening(window, day), closing(window, day)).stream());
                })
                .filter(instant -> instant.isAfter(now) && isOpen(windows, instant) != open)
                .min(Instant::compareTo);
    }

    private static boolean opensOn(ExecutionWindow window, LocalDate day) {
        return window.getDays().isEmpty()
                || window.getDays().contains(day.getDayOfWeek().getValue());
    }

    private static Instant opening(ExecutionWindow window, LocalDate day) {
        return at(window, day, window.getStartMinute());
    }

    private static Instant closing(ExecutionWindow window, LocalDate day) {
        boolean nextDay = window.getEndMinute() <= window.getStartMinute();
        return at(window, nextDay ? day.plusDays(1) : day, window.getEndMinute());
    }

    private static Instant at(ExecutionWindow window, LocalDate day, int minute) {
        LocalDate full = minute == MINUTES_OF_A_DAY ? day.plusDays(1) : day;
        return ZonedDateTime.of(full.atTime(minute % MINUTES_OF_A_DAY / 60, minute % 60), zone(window))
                .toInstant();
    }

    private static ZoneId zone(ExecutionWindow window) {
        return ZoneId.of(window.getTimeZone());
    }
}
