package io.muster.query;

/** A compiled part of a condition or of a query. Immutable; evaluated by many threads. */
@FunctionalInterface
public interface Expression {
    /** The value for the row; {@link Values#UNDEFINED} where there is none. */
    Object evaluate(Row row);
}
