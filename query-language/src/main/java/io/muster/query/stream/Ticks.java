package io.muster.query.stream;

import java.time.Instant;

/** Counts instants and durations in ticks of 100 ns, the resolution of the dialect's datetime; instants count from 1970 in UTC. */
public final class Ticks {
    public static final long MILLISECOND = 10_000;
    public static final long SECOND = 1000 * MILLISECOND;
    public static final long MINUTE = 60 * SECOND;
    public static final long HOUR = 60 * MINUTE;
    public static final long DAY = 24 * HOUR;

    private static final int NANOS = 100;

    private Ticks() {}

    public static long of(Instant instant) {
        return instant.getEpochSecond() * SECOND + instant.getNano() / NANOS;
    }

    public static long ofMillis(long millis) {
        return millis * MILLISECOND;
    }

    public static Instant instant(long ticks) {
        return Instant.ofEpochSecond(Math.floorDiv(ticks, SECOND), Math.floorMod(ticks, SECOND) * NANOS);
    }

    /** Returns milliseconds, rounded down. */
    public static long millis(long ticks) {
        return Math.floorDiv(ticks, MILLISECOND);
    }
}
