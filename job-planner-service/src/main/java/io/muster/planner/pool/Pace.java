package io.muster.planner.pool;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/**
 * Counts the attempts that ended on a node within the last second, and tells from that how many it may hold beyond its slots: as many as it ends while an order is
 * on its way. It is none where an attempt lasts for longer than that way, so that none waits there for a slot for long. Kept in memory alone. For one thread.
 */
final class Pace {
    /** Bounds the time from an exit to the next start that the pool orders for it: report, commit, order. */
    static final Duration ROUND_TRIP = Duration.ofMillis(500);

    /** Bounds the attempts that wait on a node, by its slots. */
    static final int MOST_AHEAD_OF_A_SLOT = 64;

    /** Bounds the attempts that wait on a node, whatever its slots: its reports name them all. */
    static final int MOST_AHEAD = 1024;

    private static final int BUCKETS = 10;
    private static final long BUCKET_MS = 100;

    private final int[] ended = new int[BUCKETS];
    private long newest;

    void ended(Instant now) {
        turn(now);
        ended[(int) Math.floorMod(newest, (long) BUCKETS)]++;
    }

    /** Returns how many attempts a node of so many slots may hold beyond them. */
    int ahead(int slots, Instant now) {
        turn(now);
        int sum = 0;
        for (int count : ended) {
            sum += count;
        }
        long onTheWay = sum * ROUND_TRIP.toMillis() / (BUCKETS * BUCKET_MS);
        return onTheWay < slots
                ? 0
                : (int) Math.min(onTheWay, Math.min(MOST_AHEAD, (long) MOST_AHEAD_OF_A_SLOT * slots));
    }

    private void turn(Instant now) {
        long bucket = Math.floorDiv(now.toEpochMilli(), BUCKET_MS);
        if (bucket - newest >= BUCKETS || bucket < newest - BUCKETS) {
            Arrays.fill(ended, 0);
            newest = bucket;
        }
        while (newest < bucket) {
            newest++;
            ended[(int) Math.floorMod(newest, (long) BUCKETS)] = 0;
        }
    }
}
