package io.muster.query.stream;

/** Starts accumulators for the groups of a select. Immutable. */
@FunctionalInterface
public interface Aggregate {
    /** Returns an accumulator without a row. */
    Accumulator start();
}
