package io.muster.query.stream;

/** Aggregates the rows of one group. For one thread. */
public interface Accumulator {
    void add(StreamRow row);

    /** Adds the rows of another of the same aggregate, all of which are later than those of this one. */
    void merge(Accumulator other);

    Object result();

    /** Returns its state as a value. */
    Object save();

    /** Restores a saved state; called on a new one. */
    void load(Object saved);
}
