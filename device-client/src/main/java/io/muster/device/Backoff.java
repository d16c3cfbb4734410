package io.muster.device;

import java.util.random.RandomGenerator;

/** Spreads attempts to connect: later after each failure, and not all devices at once. */
final class Backoff {
    private static final long SHORTEST_MS = 250;
    private static final long LONGEST_MS = 15_000;
    /** Counts the steps to the longest pause. */
    private static final int MOST_DOUBLINGS = 6;

    private Backoff() {}

    /** Returns the milliseconds until the next attempt. @param failures attempts that failed since the last that did not */
    static long next(int failures, RandomGenerator random) {
        long limit = Math.min(LONGEST_MS, SHORTEST_MS << Math.min(MOST_DOUBLINGS, failures));
        return random.nextLong(limit / 2, limit);
    }
}
