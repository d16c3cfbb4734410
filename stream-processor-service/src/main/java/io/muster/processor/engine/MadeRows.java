package io.muster.processor.engine;

import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamRow;

/**
 * Bounds how many rows APPLY and JOIN make of those that come, over all selects of a query: one event whose list is applied in each of three
 * of them, or that many reference rows match in each of three joins, would be a thousand million. An event that comes, or a row that a window or an
 * outer join makes of none, allows 1,048,576. Those that are made only when time goes on are counted together. Bounds too how many of them wait
 * at one instant. For one thread.
 */
final class MadeRows {
    private static final long OF_ONE = 1_048_576;
    private static final long MOST_WAITING = 2 * OF_ONE;
    private static final long MUCH = 65_536;

    /** Counts the rows that are still allowed now. */
    private long left;

    /** Counts the rows that are allowed when time goes on, of all events since it last did. */
    private long later;

    /** Counts the rows since time last went on. */
    private long made;

    private long waiting;

    /** Allows the rows that are made of one event, at once and when time goes on. */
    void came() {
        left = OF_ONE;
        later += OF_ONE;
    }

    /** Allows the rows that are made of one more row that comes out while time goes on. */
    void cameOut() {
        left += OF_ONE;
    }

    /** Allows what is left of all that came: their rows that waited are worked on. */
    void goesOn() {
        left = later - made;
        later = 0;
    }

    /** Forgets what was allowed: all that came before was worked off. */
    void wentOn() {
        left = 0;
        made = 0;
    }

    /** Returns whether so many rows were made that time had better go on before another event comes. */
    boolean isMuch() {
        return made > MUCH;
    }

    /** Counts a row that is made, and may be dropped again. @throws RowFailure where it is one too many */
    void made(StreamRow of) {
        made++;
        if (--left < 0) {
            throw new RowFailure(
                    of, new EvaluationException("APPLY and JOIN make more than " + OF_ONE + " rows of one"));
        }
    }

    /** Counts a row that waits until time goes on. @throws EvaluationException where too many wait, and it is APPLY and JOIN that make many */
    void waits() {
        if (++waiting > MOST_WAITING && made > MOST_WAITING) {
            throw new EvaluationException(
                    "more than " + MOST_WAITING
                            + " rows of APPLY and JOIN wait until the instant is over; a step of one select doesn't let them wait");
        }
    }

    void waitsNoMore() {
        waiting--;
    }
}
