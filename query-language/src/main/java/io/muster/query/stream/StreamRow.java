package io.muster.query.stream;

import io.muster.query.Row;
import java.util.Map;

/** A row of a stream and its instant. Members are {@code Long}, {@code Double}, {@code String}, {@code Boolean} (bit), {@code Instant}, {@code Map}, {@code List}. */
public interface StreamRow extends Row {
    /** What {@code System.Timestamp()} says, in ticks: see {@link Ticks}. */
    long time();

    /** All members: what {@code *} stands for. */
    Map<String, Object> record();

    /** Whether it stands for a row that an outer join or application did not find: it is NULL, and so is its time. */
    default boolean isAbsent() {
        return false;
    }

    /** The row of one source, where several are joined or applied. @param source its place behind FROM, from 0 */
    default StreamRow part(int source) {
        return this;
    }

    /** What was worked out for the row before its expressions are asked: aggregates, group keys, analytic functions. */
    default Object computed(int place) {
        throw new IllegalStateException("nothing was computed for this row, place=" + place);
    }
}
