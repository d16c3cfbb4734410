package io.muster.processor.engine;

import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamRow;

/**
 * Bounds how many rows APPLY and JOIN make of those that come, over all steps of a query: one event whose list is applied in each of three
 * steps, or that many reference rows match in each of three joins, would be a thousand million. A row that comes, or that a window or an outer
 * join makes of none, allows 1,048,576 until time goes on. For one thread.
 */
final class MadeRows {
    private static final long OF_ONE = 1_048_576;

    private long left;

    /** Allows the rows that are made of one more. */
    void came() {
        left += OF_ONE;
    }

    /** Forgets what was allowed: all that came before was worked off. */
    void wentOn() {
        left = 0;
    }

    /** Counts a row that is made, and may be dropped again. @throws RowFailure where it is one too many */
    void made(StreamRow of) {
        if (--left < 0) {
            throw new RowFailure(
                    of, new EvaluationException("APPLY and JOIN make more than " + OF_ONE + " rows of one"));
        }
    }
}
