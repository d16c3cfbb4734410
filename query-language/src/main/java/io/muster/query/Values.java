package io.muster.query;

/**
 * The two values that Java's JSON has no object for. Everything else is {@code String}, {@code Number}, {@code Boolean}, {@code Map},
 * {@code List}.
 */
public enum Values {
    /** There is no such member, or an operation has no result. */
    UNDEFINED,
    /** JSON's null, which a member was given. */
    NULL
}
