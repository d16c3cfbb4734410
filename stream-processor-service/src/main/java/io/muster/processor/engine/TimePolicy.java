package io.muster.processor.engine;

import io.muster.query.stream.Ticks;

/**
 * Says how events are treated that come late or in disorder; durations in ticks. Contract: stream-analytics, 4.4.
 *
 * @param late how much later than it happened an event may arrive; negative for any time
 * @param disorder how much earlier than the latest an event may be
 * @param drops whether such an event is dropped; else its time is moved to where it is still in time
 */
public record TimePolicy(long late, long disorder, boolean drops) {
    /** Bounds how far in the future an event may claim to be: further ahead it is dropped. */
    public static final long EARLY = 5 * Ticks.MINUTE;

    public TimePolicy {
        if (disorder < 0) {
            throw new IllegalArgumentException("disorder is at least nothing, disorder=" + disorder);
        }
    }

    /** Returns the same policy without a bound on disorder, which another checks. */
    public TimePolicy ofAnyOrder() {
        return new TimePolicy(late, Long.MAX_VALUE / 4, drops);
    }

    boolean waitsForEver() {
        return late < 0;
    }
}
