package io.muster.query.kernel;

import java.math.BigInteger;

/**
 * Names the two values for which Java's JSON has no object. Everything else is {@code String}, {@code Number}, {@code Boolean}, {@code Map},
 * {@code List}.
 */
public enum Values {
    /** Stands for a member that is not there, and for an operation without result. */
    UNDEFINED,
    /** Stands for JSON's null, as the value of a member. */
    NULL;

    private static final double EXACT = 0x1p53;

    /** Returns the same object for numbers that are equal: whole ones that a double holds exactly a {@code Long}, others a {@code Double}. */
    public static Object canonical(Object value) {
        return switch (value) {
            case Long whole -> whole;
            case Integer whole -> whole.longValue();
            case BigInteger whole when whole.bitLength() < Long.SIZE -> whole.longValue();
            case Number number -> {
                double real = number.doubleValue();
                yield real == Math.rint(real) && Math.abs(real) <= EXACT ? (Object) (long) real : (Object) (real + 0.0);
            }
            default -> value;
        };
    }
}
