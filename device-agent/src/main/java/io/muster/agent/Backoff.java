package io.muster.agent;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: twice as long after each failure, up to a limit, and by chance up to half of it less, so
 * that those who lost their connections together do not come back together.
 */
public record Backoff(Duration shortest, Duration longest) {
    /** From a quarter of a second to fifteen seconds. */
    public static final Backoff USUAL = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(15));

    private static final int MOST_DOUBLINGS = 20;

    public Backoff {
        if (shortest.toMillis() < 2 || longest.compareTo(shortest) < 0) {
            throw new IllegalArgumentException(
                    "from at least 2 ms to no less, shortest=" + shortest + " longest=" + longest);
        }
    }

    /** @param failures attempts that failed since the last that did not */
    public Duration delay(int failures, RandomGenerator random) {
        long doubled = shortest.toMillis() << Math.min(failures, MOST_DOUBLINGS);
        long limit = Math.min(longest.toMillis(), doubled);
        return Duration.ofMillis(random.nextLong(limit / 2, limit));
    }
}
