package io.muster.schedule;

import java.time.Duration;

/**
 * Says how often an action that failed is tried again, and how long after.
 *
 * @param count 0 for never
 */
public record Retries(int count, Duration interval) {
    private static final int MOST = 20;
    private static final Duration SHORTEST = Duration.ofMinutes(1);
    private static final Duration LONGEST = Duration.ofDays(548);

    /** Makes one of what a person wrote. @throws ScheduleException when a number is none that it can be */
    public static Retries of(int count, Duration interval) throws ScheduleException {
        if (count < 0 || count > MOST) {
            throw new ScheduleException("retryPolicy.retryCount is a number up to " + MOST + ".");
        }
        if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
            throw new ScheduleException(
                    "retryPolicy.retryInterval is a duration such as PT10M, from one minute to 548 days, which are 18 months.");
        }
        return new Retries(count, interval);
    }
}
