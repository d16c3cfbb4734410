package io.muster.planner.fleet;

import java.time.Duration;
import java.time.Instant;

/**
 * Limits the rate of the jobs' device operations in one device partition. A rate that was not used is
 * made up for up to a second, or up to one operation where the rate is slower. Not stored: a restart allows that much once more. For one
 * thread. Contract: iot-hub, 2.2.
 */
public final class OperationRate {
    private static final double SECOND_MS = 1000;

    private final double perSecond;
    private final Duration most;
    private Instant usedUntil = Instant.EPOCH;

    private OperationRate(double perSecond) {
        this.perSecond = perSecond;
        this.most = Duration.ofMillis((long) Math.ceil(Math.max(SECOND_MS, SECOND_MS / perSecond)));
    }

    /**
     * Returns the share of one partition.
     *
     * @param perSecond of the whole hub; 0 for no limit
     */
    public static OperationRate of(int perSecond, int partitions) {
        return new OperationRate(perSecond == 0 ? Double.POSITIVE_INFINITY : (double) perSecond / partitions);
    }

    public boolean isLimited() {
        return Double.isFinite(perSecond);
    }

    /** Returns how many may begin now, up to so many. */
    public int allows(int wanted, Instant now) {
        return isLimited()
                ? (int) Math.min(wanted, Duration.between(from(now), now).toMillis() * perSecond / SECOND_MS)
                : wanted;
    }

    /** Takes so many of those that it allows. */
    public void take(int begun, Instant now) {
        if (isLimited()) {
            usedUntil = from(now).plusMillis((long) Math.ceil(begun * SECOND_MS / perSecond));
        }
    }

    private Instant from(Instant now) {
        Instant earliest = now.minus(most);
        return usedUntil.isBefore(earliest) ? earliest : usedUntil;
    }
}
