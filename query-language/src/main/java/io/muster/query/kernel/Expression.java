package io.muster.query.kernel;

/** Computes a value from a row: a compiled part of a text of a dialect. Immutable; many threads evaluate it. */
@FunctionalInterface
public interface Expression {
    /** Returns the value for the row; {@link Values#UNDEFINED} where there is none. */
    Object evaluate(Row row);
}
