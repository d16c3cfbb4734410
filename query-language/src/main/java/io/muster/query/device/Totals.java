package io.muster.query.device;

import io.muster.query.kernel.Values;

/**
 * Sums the values of one group of rows for an aggregate. {@link #plus} adds partial ones. Immutable.
 *
 * @param count values that were defined
 * @param numbers those of them that were numbers, and their sum
 * @param least of the numbers and texts, where numbers come before texts; {@link Values#UNDEFINED} where there was none
 */
public record Totals(long count, long numbers, double sum, Object least, Object greatest) {
    public static final Totals NONE = new Totals(0, 0, 0, Values.UNDEFINED, Values.UNDEFINED);

    Totals plus(Object value) {
        if (value == Values.UNDEFINED) {
            return this;
        }
        return switch (value) {
            case Number number ->
                new Totals(
                        count + 1,
                        numbers + 1,
                        sum + number.doubleValue(),
                        least(least, number),
                        greatest(greatest, number));
            case String text -> new Totals(count + 1, numbers, sum, least(least, text), greatest(greatest, text));
            default -> new Totals(count + 1, numbers, sum, least, greatest);
        };
    }

    public Totals plus(Totals other) {
        return new Totals(
                count + other.count,
                numbers + other.numbers,
                sum + other.sum,
                least(least, other.least),
                greatest(greatest, other.greatest));
    }

    private static Object least(Object one, Object other) {
        return one == Values.UNDEFINED || (other != Values.UNDEFINED && Groups.compare(other, one) < 0) ? other : one;
    }

    private static Object greatest(Object one, Object other) {
        return one == Values.UNDEFINED || (other != Values.UNDEFINED && Groups.compare(other, one) > 0) ? other : one;
    }
}
