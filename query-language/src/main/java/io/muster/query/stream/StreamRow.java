package io.muster.query.stream;

import io.muster.query.kernel.Row;
import java.util.Map;

/**
 * Gives expressions a row of a stream and its instant. Members are {@code Long}, {@code Double}, {@code String}, {@code Boolean} (bit), {@code
 * Instant}, {@code Map}, {@code List}.
 */
public interface StreamRow extends Row {
    /** Returns the time that {@code System.Timestamp()} has, in {@link Ticks ticks}. */
    long time();

    /** Returns all members, for which {@code *} stands. */
    Map<String, Object> record();

    /** Returns whether it stands for a row that an outer join or application did not find: it is NULL, and so is its time. */
    default boolean isAbsent() {
        return false;
    }

    /** Returns the row of one source, where several are joined or applied. @param source its index behind FROM, from 0 */
    default StreamRow part(int source) {
        return this;
    }

    /** Returns a value that was computed before the expressions of the row: an aggregate, a group key, an analytic function. */
    default Object computed(int place) {
        throw new IllegalStateException("nothing was computed for this row, place=" + place);
    }
}
