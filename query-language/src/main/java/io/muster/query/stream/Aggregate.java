package io.muster.query.stream;

/** An aggregate of a select. Immutable. */
@FunctionalInterface
public interface Aggregate {
    /** One that has seen no row. */
    Accumulator start();
}
