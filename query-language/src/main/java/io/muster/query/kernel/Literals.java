package io.muster.query.kernel;

import java.math.BigInteger;

/** Reads constants that dialects write alike. */
public final class Literals {
    private Literals() {}

    /** Returns a {@code Long}, or a {@code Double} where the number needs more than 64 bits; that one may be infinite. @param digits with a sign or not */
    public static Number whole(String digits, int radix) {
        BigInteger value = new BigInteger(digits, radix);
        return value.bitLength() < Long.SIZE ? (Number) value.longValue() : (Number) value.doubleValue();
    }

    /** Returns the text between single quotes, in which two stand for one. */
    public static String quoted(String literal) {
        return literal.substring(literal.indexOf('\'') + 1, literal.length() - 1)
                .replace("''", "'");
    }
}
