package io.muster.query.stream;

import io.muster.query.kernel.ScalarFunction;
import io.muster.query.kernel.ValueRules;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.function.LongUnaryOperator;
import java.util.regex.Pattern;

/**
 * Finds the scalar functions by their names in upper case. A result that can't be computed is NULL; an argument that can't be converted, or is none that the function takes, fails. Contract:
 * stream-analytics, 4.5.
 */
final class StreamFunctions {
    private static final Object NULL = StreamValues.NULL;
    private static final int MOST_DIGITS = 300;

    private static final Map<String, ScalarFunction> ALL = Map.ofEntries(
            Map.entry("ABS", strict(1, StreamFunctions::absolute)),
            Map.entry("CEILING", sameType(whole -> whole, Math::ceil)),
            Map.entry("FLOOR", sameType(whole -> whole, Math::floor)),
            Map.entry("ROUND", strict(1, 2, StreamFunctions::round)),
            Map.entry("EXP", real(Math::exp)),
            Map.entry("LOG", strict(1, 2, StreamFunctions::log)),
            Map.entry("POWER", numbers(StreamFunctions::power)),
            Map.entry("SIGN", sameType(Long::signum, Math::signum)),
            Map.entry("SQUARE", real(value -> value * value)),
            Map.entry("SQRT", real(Math::sqrt)),
            Map.entry("CONCAT", new ScalarFunction(2, ScalarFunction.MANY, StreamFunctions::concat)),
            Map.entry("LEN", text(text -> (long) text.stripTrailing().length())),
            Map.entry("LOWER", text(text -> letters(text, Character::toLowerCase))),
            Map.entry("UPPER", text(text -> letters(text, Character::toUpperCase))),
            Map.entry("TRIM", text(String::strip)),
            Map.entry("LTRIM", text(String::stripLeading)),
            Map.entry("RTRIM", text(String::stripTrailing)),
            Map.entry("LEFT", textAndNumber((text, count) -> text.substring(0, clamp(count, text.length())))),
            Map.entry(
                    "RIGHT",
                    textAndNumber((text, count) -> text.substring(text.length() - clamp(count, text.length())))),
            Map.entry("SUBSTRING", strict(2, 3, StreamFunctions::substring)),
            Map.entry("CHARINDEX", strict(2, 3, StreamFunctions::charIndex)),
            Map.entry(
                    "PATINDEX",
                    texts((pattern, text) -> Like.of(pattern)
                            .orElseThrow(() -> new EvaluationException(Like.wrong("PATINDEX")))
                            .indexIn(text))),
            Map.entry("REPLACE", strict(3, StreamFunctions::replace)),
            Map.entry("REGEXMATCH", texts(StreamFunctions::regexMatch)),
            Map.entry("SPLIT", texts(StreamFunctions::split)),
            Map.entry("COALESCE", new ScalarFunction(2, ScalarFunction.MANY, StreamFunctions::coalesce)),
            Map.entry(
                    "NULLIF",
                    new ScalarFunction(
                            2,
                            2,
                            arguments -> StreamValues.equal(arguments[0], arguments[1]) == Boolean.TRUE
                                    ? NULL
                                    : arguments[0])),
            Map.entry("GETTYPE", new ScalarFunction(1, 1, arguments -> StreamValues.Type.of(arguments[0]))),
            Map.entry("DAY", datePart(DateTimes.Unit.DAY)),
            Map.entry("MONTH", datePart(DateTimes.Unit.MONTH)),
            Map.entry("YEAR", datePart(DateTimes.Unit.YEAR)),
            Map.entry("DATETIMEFROMPARTS", strict(7, StreamFunctions::dateFromParts)),
            Map.entry("GETARRAYELEMENT", strict(2, StreamFunctions::arrayElement)),
            Map.entry("GETARRAYLENGTH", of(List.class, "an array", list -> (long) list.size())),
            Map.entry("GETARRAYELEMENTS", of(List.class, "an array", StreamFunctions::elements)),
            Map.entry("GETRECORDPROPERTIES", of(Map.class, "a record", StreamFunctions::properties)),
            Map.entry("GETRECORDPROPERTYVALUE", strict(2, StreamFunctions::propertyValue)));

    private StreamFunctions() {}

    static Optional<ScalarFunction> named(String name) {
        return Optional.ofNullable(ALL.get(name));
    }

    private static int clamp(long count, int most) {
        return Math.clamp(count, 0, most);
    }

    /** Makes a function of a record or an array, to which no value is converted. */
    private static <T> ScalarFunction of(Class<T> type, String name, Function<T, Object> operator) {
        return strict(1, values -> operator.apply(taken(type, name, values[0])));
    }

    private static <T> T taken(Class<T> type, String name, Object value) {
        if (!type.isInstance(value)) {
            throw EvaluationException.ofConversion(value, name);
        }
        return type.cast(value);
    }

    /** Makes a function that is NULL where an argument is. */
    private static ScalarFunction strict(int count, ScalarFunction.Body body) {
        return strict(count, count, body);
    }

    private static ScalarFunction strict(int least, int most, ScalarFunction.Body body) {
        return new ScalarFunction(least, most, arguments -> {
            for (Object argument : arguments) {
                if (argument == NULL) {
                    return NULL;
                }
            }
            return body.apply(arguments);
        });
    }

    /** Makes a function of a number whose result is a float. */
    private static ScalarFunction real(DoubleUnaryOperator operator) {
        return strict(1, arguments -> ValueRules.finite(operator.applyAsDouble(real(arguments[0]))));
    }

    /** Makes a function of a number whose result has the type of its argument. */
    private static ScalarFunction sameType(LongUnaryOperator ofWhole, DoubleUnaryOperator ofReal) {
        return strict(
                1,
                arguments -> StreamValues.number(arguments[0]) instanceof Long whole
                        ? (Object) ofWhole.applyAsLong(whole)
                        : ValueRules.finite(ofReal.applyAsDouble(real(arguments[0]))));
    }

    private static double real(Object value) {
        return ((Number) StreamValues.number(value)).doubleValue();
    }

    private static long whole(Object value) {
        return ((Number) StreamValues.number(value)).longValue();
    }

    private static String string(Object value) {
        return (String) StreamValues.text(value);
    }

    private static ScalarFunction numbers(BinaryOperator<Number> operator) {
        return strict(
                2,
                arguments -> finite(operator.apply(
                        (Number) StreamValues.number(arguments[0]), (Number) StreamValues.number(arguments[1]))));
    }

    private static Object finite(Number number) {
        return number instanceof Long ? number : ValueRules.finite(number.doubleValue());
    }

    /** Returns a number of the base's type: a whole one is cut, and has no value beyond 64 bits. */
    private static Number power(Number base, Number exponent) {
        double value = Math.pow(base.doubleValue(), exponent.doubleValue());
        if (!(base instanceof Long whole)) {
            return value;
        }
        if (exponent instanceof Long count && count >= 0 && Math.abs(value) >= 0x1p53 && Math.abs(value) <= 0x1p63) {
            BigInteger exact = BigInteger.valueOf(whole).pow(count.intValue());
            return exact.bitLength() < Long.SIZE ? (Number) exact.longValue() : Double.NaN;
        }
        return Math.abs(value) < 0x1p63 ? (Number) (long) value : Double.NaN;
    }

    private static ScalarFunction text(Function<String, Object> operator) {
        return strict(1, arguments -> operator.apply(string(arguments[0])));
    }

    private static ScalarFunction texts(BiFunction<String, String, Object> operator) {
        return strict(2, arguments -> operator.apply(string(arguments[0]), string(arguments[1])));
    }

    private static ScalarFunction textAndNumber(BiFunction<String, Long, Object> operator) {
        return strict(2, arguments -> operator.apply(string(arguments[0]), whole(arguments[1])));
    }

    private static ScalarFunction datePart(DateTimes.Unit unit) {
        return strict(1, arguments -> DateTimes.part(unit, StreamValues.datetime(arguments[0])));
    }

    /** Returns DATEADD, DATEDIFF, DATENAME or DATEPART, whose first argument is the name of a unit. Empty for any other name. */
    static Optional<ScalarFunction> dated(String name, DateTimes.Unit unit) {
        return switch (name) {
            case "DATEDIFF" ->
                Optional.of(strict(
                        2,
                        arguments -> DateTimes.difference(
                                unit, StreamValues.datetime(arguments[0]), StreamValues.datetime(arguments[1]))));
            case "DATEADD" ->
                Optional.of(strict(
                        2, arguments -> dateAdd(unit, whole(arguments[0]), StreamValues.datetime(arguments[1]))));
            case "DATEPART" -> Optional.of(datePart(unit));
            case "DATENAME" ->
                Optional.of(strict(1, arguments -> DateTimes.name(unit, StreamValues.datetime(arguments[0]))));
            default -> Optional.empty();
        };
    }

    private static Object dateAdd(DateTimes.Unit unit, long count, Instant at) {
        try {
            return StreamValues.inCalendar(DateTimes.plus(unit, count, at));
        } catch (DateTimeException | ArithmeticException _) {
            return NULL; // Beyond the calendar.
        }
    }

    private static Object dateFromParts(Object[] arguments) {
        try {
            int[] parts = new int[arguments.length];
            for (int i = 0; i < parts.length; i++) {
                parts[i] = Math.toIntExact(whole(arguments[i]));
            }
            return StreamValues.inCalendar(LocalDateTime.of(
                            parts[0],
                            parts[1],
                            parts[2],
                            parts[3],
                            parts[4],
                            parts[5],
                            Math.multiplyExact(parts[6], 1_000_000))
                    .toInstant(ZoneOffset.UTC));
        } catch (DateTimeException | ArithmeticException _) {
            return NULL; // There is no such day.
        }
    }

    private static Object absolute(Object[] arguments) {
        return StreamValues.number(arguments[0]) instanceof Long whole
                ? whole == Long.MIN_VALUE ? NULL : (Object) Math.abs(whole)
                : (Object) Math.abs(real(arguments[0]));
    }

    /** Returns a whole number for a whole number. */
    private static Object round(Object[] arguments) {
        Number number = (Number) StreamValues.number(arguments[0]);
        long digits = arguments.length == 1 ? 0 : whole(arguments[1]);
        if (number instanceof Long && digits >= 0) {
            return number;
        }
        if (Math.abs(digits) > MOST_DIGITS) {
            return NULL;
        }
        BigDecimal rounded = new BigDecimal(number.toString()).setScale((int) digits, RoundingMode.HALF_UP);
        if (!(number instanceof Long)) {
            return ValueRules.finite(rounded.doubleValue());
        }
        BigInteger whole = rounded.toBigInteger();
        return whole.bitLength() < Long.SIZE ? (Object) whole.longValue() : NULL;
    }

    private static Object log(Object[] arguments) {
        double natural = Math.log(real(arguments[0]));
        return ValueRules.finite(arguments.length == 1 ? natural : natural / Math.log(real(arguments[1])));
    }

    /** Concatenates texts; NULL counts as an empty text, as in T-SQL. */
    private static Object concat(Object[] arguments) {
        StringBuilder all = new StringBuilder();
        for (Object argument : arguments) {
            if (argument != NULL) {
                String text = string(argument);
                StreamValues.rejectText((long) all.length() + text.length());
                all.append(text);
            }
        }
        return all.toString();
    }

    /** Maps letter by letter, as .NET does: the text keeps its length, and {@code ß} stays. */
    private static String letters(String text, IntUnaryOperator operator) {
        StringBuilder letters = new StringBuilder(text.length());
        text.codePoints().forEach(letter -> letters.appendCodePoint(operator.applyAsInt(letter)));
        return letters.toString();
    }

    /** Rejects a search for a part of a text that takes too many steps: at each place where it fits, up to its length. */
    private static void rejectSearch(String function, String text, String part) {
        StreamValues.rejectSearch(function, Math.max(0, text.length() - part.length() + 1L), part.length());
    }

    private static long occurrences(String function, String text, String part) {
        rejectSearch(function, text, part);
        long count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private static Object split(String text, String by) {
        if (by.isEmpty()) {
            return NULL;
        }
        StreamValues.rejectArray(occurrences("SPLIT", text, by) + 1);
        return List.<Object>of((Object[]) text.split(Pattern.quote(by), -1));
    }

    /** Counts from 1. */
    private static Object substring(Object[] arguments) {
        String text = string(arguments[0]);
        long from = whole(arguments[1]) - 1;
        long until = text.length();
        if (arguments.length == 3) {
            long length = whole(arguments[2]);
            if (length < 0) {
                throw new EvaluationException("SUBSTRING takes a length of 0 or more, not " + length
                        + ": ask before, as in CASE WHEN n > 0 THEN SUBSTRING(s, 1, n) ELSE s END");
            }
            until = Math.min(until, from + Math.min(length, Integer.MAX_VALUE));
        }
        int begin = clamp(from, text.length());
        return text.substring(begin, Math.max(begin, clamp(until, text.length())));
    }

    /** Counts from 1; 0 without a match. */
    private static Object charIndex(Object[] arguments) {
        String part = string(arguments[0]);
        String text = string(arguments[1]);
        rejectSearch("CHARINDEX", text, part);
        long from = arguments.length == 3 ? whole(arguments[2]) : 1;
        return text.indexOf(part, clamp(from - 1, text.length())) + 1L;
    }

    private static Object replace(Object[] arguments) {
        String text = string(arguments[0]);
        String part = string(arguments[1]);
        String by = string(arguments[2]);
        if (part.isEmpty()) {
            return text;
        }
        StreamValues.rejectText(text.length() + occurrences("REPLACE", text, part) * (by.length() - part.length()));
        return text.replace(part, by);
    }

    /** Returns the first match, counted from 1, in any case; 0 without a match, and for a pattern that is wrong. */
    private static Object regexMatch(String text, String pattern) {
        return RegularExpressions.find(text, pattern).orElse(-1) + 1L;
    }

    private static Object coalesce(Object[] arguments) {
        for (Object argument : arguments) {
            if (argument != NULL) {
                return argument;
            }
        }
        return NULL;
    }

    private static Object arrayElement(Object[] arguments) {
        List<?> list = taken(List.class, "an array", arguments[0]);
        long index = whole(arguments[1]);
        return index >= 0 && index < list.size() ? StreamValues.of(list.get((int) index)) : NULL;
    }

    private static Object propertyValue(Object[] arguments) {
        return StreamValues.member(taken(Map.class, "a record", arguments[0]), string(arguments[1]));
    }

    private static Object elements(List<?> list) {
        List<Object> rows = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("ArrayIndex", (long) i);
            row.put("ArrayValue", StreamValues.of(list.get(i)));
            rows.add(row);
        }
        return rows;
    }

    private static Object properties(Map<?, ?> record) {
        List<Object> rows = new ArrayList<>();
        record.forEach((name, property) -> {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("PropertyName", String.valueOf(name));
            row.put("PropertyValue", StreamValues.of(property));
            rows.add(row);
        });
        return rows;
    }
}
