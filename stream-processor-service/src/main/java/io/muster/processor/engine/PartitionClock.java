package io.muster.processor.engine;

/**
 * Keeps the time of one partition of an input: gives each event its time, and knows before which time there will be no more events. Times depend
 * on the records alone; announcements while nothing comes ({@link #quietUntil}) change none, where they are true. Times in ticks. For one thread.
 * Contract: stream-analytics, 4.4.
 */
public final class PartitionClock {
    private static final long NEVER = Long.MIN_VALUE;

    private final TimePolicy policy;
    private final boolean byArrival;
    private long latest = NEVER;
    private long watermark = NEVER;
    private long lastArrival = NEVER;
    private long announced = NEVER;

    /** Says how an event stands to the clock. */
    public enum Fate {
        IN_TIME,
        /** Comes later than the policy allows: moved, or dropped. */
        LATE,
        /** Comes further behind earlier events than the policy allows: moved, or dropped. */
        OUT_OF_ORDER,
        /** Claims to be too far in the future: dropped. */
        EARLY,
        /** Comes behind a time that was announced while nothing came: moved, or dropped. A replay announces it again: see {@link #announce}. */
        BEHIND_IDLENESS
    }

    /** Holds the decision on an event. @param time its time; meaningless where it was dropped */
    public record Verdict(Fate fate, boolean dropped, long time) {}

    /** Begins before the first event. @param byArrival whether events have the time of their arrival: then there is neither lateness nor disorder */
    public PartitionClock(TimePolicy policy, boolean byArrival) {
        this.policy = policy;
        this.byArrival = byArrival;
    }

    /** Takes the next event. @param event when it happened, by its own word; @param arrival when it was appended to the log */
    public Verdict take(long event, long arrival) {
        lastArrival = Math.max(lastArrival, arrival);
        Verdict verdict = byArrival ? arrived(arrival) : place(event, arrival);
        if (verdict.dropped() || verdict.time() >= announced) {
            return verdict;
        }
        return new Verdict(Fate.BEHIND_IDLENESS, policy.drops() && !byArrival, announced);
    }

    private Verdict arrived(long arrival) {
        watermark = Math.max(watermark, arrival);
        return new Verdict(Fate.IN_TIME, false, watermark);
    }

    private Verdict place(long event, long arrival) {
        if (event > arrival + TimePolicy.EARLY) {
            return new Verdict(Fate.EARLY, true, event);
        }
        Fate fate = Fate.IN_TIME;
        long time = event;
        if (!policy.waitsForEver() && event < arrival - policy.late()) {
            fate = Fate.LATE;
            time = arrival - policy.late();
        }
        if (time < watermark) {
            fate = fate == Fate.IN_TIME ? Fate.OUT_OF_ORDER : fate;
            time = watermark;
        }
        boolean dropped = policy.drops() && fate != Fate.IN_TIME;
        if (!dropped) {
            latest = Math.max(latest, time);
            watermark = Math.max(watermark, latest - policy.disorder());
        }
        return new Verdict(fate, dropped, time);
    }

    /** Moves time on where nothing comes: all that arrived until then was taken. @param arrival in ticks */
    public void quietUntil(long arrival) {
        lastArrival = Math.max(lastArrival, arrival);
        if (byArrival || !policy.waitsForEver()) {
            announce(lastArrival - (byArrival ? 0 : policy.late()));
        }
    }

    /** Moves time on: later events that claim an earlier time are behind. */
    public void announce(long time) {
        announced = Math.max(announced, time);
    }

    /** Returns the watermark: no event before it will come; {@link Long#MIN_VALUE} where none is known. */
    public long watermark() {
        return Math.max(watermark, announced);
    }

    /** Returns its whole state. */
    public long[] save() {
        return new long[] {latest, watermark, lastArrival, announced};
    }

    /** Loads the saved state. */
    public void load(long[] saved) {
        latest = saved[0];
        watermark = saved[1];
        lastArrival = saved[2];
        announced = saved[3];
    }
}
