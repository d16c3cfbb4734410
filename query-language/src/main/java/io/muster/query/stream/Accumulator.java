package io.muster.query.stream;

/** One aggregate over the rows of one group. For one thread. */
public interface Accumulator {
    void add(StreamRow row);

    /** Adds what another of the same aggregate has seen, all of it later than what this has. */
    void merge(Accumulator other);

    Object result();

    /** All it knows, as a value. */
    Object save();

    /** Becomes what was saved; called on a new one. */
    void load(Object saved);
}
