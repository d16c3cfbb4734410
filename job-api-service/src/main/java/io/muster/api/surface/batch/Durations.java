package io.muster.api.surface.batch;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads and writes durations as Batch does: no limit is the longest that .NET knows. Contract: batch, 3.2. */
final class Durations {
    static final String UNLIMITED = "P10675199DT2H48M5.4775807S";
    private static final Duration LONGEST = Duration.parse(UNLIMITED);

    private Durations() {}

    /** Returns the milliseconds of a text; -1 where it is no limit; empty where it is no duration, or not a positive one. */
    static Optional<Long> millis(String text) {
        try {
            Duration duration = Duration.parse(text);
            if (!duration.isPositive()) {
                return Optional.empty();
            }
            return Optional.of(duration.compareTo(LONGEST) >= 0 ? -1L : Math.max(1, duration.toMillis()));
        } catch (DateTimeException | ArithmeticException e) {
            return Optional.empty();
        }
    }

    /** Returns a text such as {@code P7D} or {@code PT1H30M}. @param millis null or negative for no limit */
    static String text(@Nullable Long millis) {
        if (millis == null || millis < 0) {
            return UNLIMITED;
        }
        Duration duration = Duration.ofMillis(millis);
        String time = duration.minusDays(duration.toDays()).toString();
        boolean isWhole = time.equals("PT0S");
        return duration.toDays() == 0 ? time : "P" + duration.toDays() + "D" + (isWhole ? "" : time.substring(1));
    }
}
