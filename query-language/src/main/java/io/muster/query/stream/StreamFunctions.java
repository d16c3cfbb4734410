package io.muster.query.stream;

import io.muster.query.ScalarFunction;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The scalar functions, by their names in upper case. What can't be worked out is NULL. Contract: stream-analytics, 4.5. */
final class StreamFunctions {
    private static final Object NULL = StreamValues.NULL;

    private static final Map<String, ScalarFunction> ALL = Map.ofEntries(
            Map.entry("ABS", new ScalarFunction(1, 1, StreamFunctions::absolute)),
            Map.entry("CEILING", math(Math::ceil)),
            Map.entry("FLOOR", math(Math::floor)),
            Map.entry("ROUND", new ScalarFunction(1, 2, StreamFunctions::round)),
            Map.entry("EXP", math(Math::exp)),
            Map.entry("LOG", new ScalarFunction(1, 2, StreamFunctions::log)),
            Map.entry("POWER", numbers(Math::pow)),
            Map.entry("SIGN", math(Math::signum)),
            Map.entry("SQUARE", math(value -> value * value)),
            Map.entry("SQRT", math(Math::sqrt)),
            Map.entry("CONCAT", new ScalarFunction(2, ScalarFunction.MANY, StreamFunctions::concat)),
            Map.entry("LEN", text(text -> (long) text.stripTrailing().length())),
            Map.entry("LOWER", text(text -> text.toLowerCase(Locale.ROOT))),
            Map.entry("UPPER", text(text -> text.toUpperCase(Locale.ROOT))),
            Map.entry("TRIM", text(String::strip)),
            Map.entry("LTRIM", text(String::stripLeading)),
            Map.entry("RTRIM", text(String::stripTrailing)),
            Map.entry("LEFT", textAndNumber((text, count) -> text.substring(0, clamp(count, text.length())))),
            Map.entry(
                    "RIGHT",
                    textAndNumber((text, count) -> text.substring(text.length() - clamp(count, text.length())))),
            Map.entry("SUBSTRING", new ScalarFunction(2, 3, StreamFunctions::substring)),
            Map.entry("CHARINDEX", new ScalarFunction(2, 3, StreamFunctions::charIndex)),
            Map.entry("PATINDEX", texts((pattern, text) -> Like.of(pattern).indexIn(text))),
            Map.entry("REPLACE", new ScalarFunction(3, 3, StreamFunctions::replace)),
            Map.entry("REGEXMATCH", texts(StreamFunctions::regexMatch)),
            Map.entry(
                    "SPLIT",
                    texts((text, by) ->
                            by.isEmpty() ? NULL : List.<Object>of((Object[]) text.split(Pattern.quote(by), -1)))),
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
            Map.entry("DATETIMEFROMPARTS", new ScalarFunction(7, 7, StreamFunctions::dateFromParts)),
            Map.entry("GETARRAYELEMENT", new ScalarFunction(2, 2, StreamFunctions::arrayElement)),
            Map.entry(
                    "GETARRAYLENGTH",
                    new ScalarFunction(
                            1,
                            1,
                            arguments -> arguments[0] instanceof List<?> list ? (Object) (long) list.size() : NULL)),
            Map.entry("GETARRAYELEMENTS", new ScalarFunction(1, 1, arguments -> elements(arguments[0]))),
            Map.entry("GETRECORDPROPERTIES", new ScalarFunction(1, 1, arguments -> properties(arguments[0]))),
            Map.entry("GETRECORDPROPERTYVALUE", new ScalarFunction(2, 2, StreamFunctions::propertyValue)));

    private StreamFunctions() {}

    static Optional<ScalarFunction> named(String name) {
        return Optional.ofNullable(ALL.get(name));
    }

    private static int clamp(long count, int most) {
        return Math.clamp(count, 0, most);
    }

    private static ScalarFunction math(DoubleUnaryOperator operator) {
        return new ScalarFunction(1, 1, arguments -> switch (arguments[0]) {
            case Long whole -> backToWhole(operator.applyAsDouble(whole));
            case Double real -> StreamValues.real(operator.applyAsDouble(real));
            default -> NULL;
        });
    }

    /** Of a whole number comes a whole one where it is one: {@code CEILING(3)} is 3. */
    private static Object backToWhole(double value) {
        return value == Math.rint(value) && Math.abs(value) < 0x1p53 ? (Object) (long) value : StreamValues.real(value);
    }

    private static ScalarFunction numbers(BiFunction<Double, Double, Double> operator) {
        return new ScalarFunction(
                2,
                2,
                arguments -> arguments[0] instanceof Number a && arguments[1] instanceof Number b
                        ? StreamValues.real(operator.apply(a.doubleValue(), b.doubleValue()))
                        : NULL);
    }

    private static ScalarFunction text(Function<String, Object> operator) {
        return new ScalarFunction(1, 1, arguments -> arguments[0] instanceof String text ? operator.apply(text) : NULL);
    }

    private static ScalarFunction texts(BiFunction<String, String, Object> operator) {
        return new ScalarFunction(
                2,
                2,
                arguments -> arguments[0] instanceof String one && arguments[1] instanceof String other
                        ? operator.apply(one, other)
                        : NULL);
    }

    private static ScalarFunction textAndNumber(BiFunction<String, Long, Object> operator) {
        return new ScalarFunction(
                2,
                2,
                arguments -> arguments[0] instanceof String text && arguments[1] instanceof Number number
                        ? operator.apply(text, number.longValue())
                        : NULL);
    }

    private static ScalarFunction datePart(DateTimes.Unit unit) {
        return new ScalarFunction(
                1,
                1,
                arguments -> StreamValues.instant(arguments[0])
                        .map(at -> (Object) DateTimes.part(unit, at))
                        .orElse(NULL));
    }

    /** DATEADD, DATEDIFF, DATENAME and DATEPART, whose first argument is the name of a unit. Empty for any other name. */
    static Optional<ScalarFunction> dated(String name, DateTimes.Unit unit) {
        return switch (name) {
            case "DATEDIFF" ->
                Optional.of(new ScalarFunction(2, 2, arguments -> {
                    Optional<Instant> from = StreamValues.instant(arguments[0]);
                    Optional<Instant> to = StreamValues.instant(arguments[1]);
                    return from.isPresent() && to.isPresent()
                            ? (Object) DateTimes.difference(unit, from.get(), to.get())
                            : NULL;
                }));
            case "DATEADD" -> Optional.of(new ScalarFunction(2, 2, arguments -> dateAdd(unit, arguments)));
            case "DATEPART" ->
                Optional.of(new ScalarFunction(
                        1,
                        1,
                        arguments -> StreamValues.instant(arguments[0])
                                .map(at -> (Object) DateTimes.part(unit, at))
                                .orElse(NULL)));
            case "DATENAME" ->
                Optional.of(new ScalarFunction(
                        1,
                        1,
                        arguments -> StreamValues.instant(arguments[0])
                                .map(at -> (Object) DateTimes.name(unit, at))
                                .orElse(NULL)));
            default -> Optional.empty();
        };
    }

    private static Object dateAdd(DateTimes.Unit unit, Object[] arguments) {
        Optional<Instant> at = StreamValues.instant(arguments[1]);
        if (!(arguments[0] instanceof Number count) || at.isEmpty()) {
            return NULL;
        }
        try {
            return DateTimes.plus(unit, count.longValue(), at.get());
        } catch (DateTimeException | ArithmeticException _) {
            return NULL; // Beyond the calendar.
        }
    }

    private static Object dateFromParts(Object[] arguments) {
        int[] parts = new int[arguments.length];
        for (int i = 0; i < parts.length; i++) {
            if (!(arguments[i] instanceof Number number)) {
                return NULL;
            }
            parts[i] = number.intValue();
        }
        try {
            return LocalDateTime.of(
                            parts[0],
                            parts[1],
                            parts[2],
                            parts[3],
                            parts[4],
                            parts[5],
                            Math.multiplyExact(parts[6], 1_000_000))
                    .toInstant(ZoneOffset.UTC);
        } catch (DateTimeException | ArithmeticException _) {
            return NULL; // There is no such day.
        }
    }

    private static Object absolute(Object[] arguments) {
        return switch (arguments[0]) {
            case Long whole -> whole == Long.MIN_VALUE ? NULL : (Object) Math.abs(whole);
            case Double real -> Math.abs(real);
            default -> NULL;
        };
    }

    private static Object round(Object[] arguments) {
        Object digits = arguments.length == 1 ? (Object) 0L : arguments[1];
        if (arguments[0] instanceof Long whole && digits instanceof Long count && count >= 0) {
            return whole;
        }
        if (!(arguments[0] instanceof Number number)
                || !(digits instanceof Number count)
                || Math.abs(count.longValue()) > 300) {
            return NULL;
        }
        return new BigDecimal(number.toString())
                .setScale(count.intValue(), RoundingMode.HALF_UP)
                .doubleValue();
    }

    private static Object log(Object[] arguments) {
        if (!(arguments[0] instanceof Number number)) {
            return NULL;
        }
        double natural = Math.log(number.doubleValue());
        if (arguments.length == 1) {
            return StreamValues.real(natural);
        }
        return arguments[1] instanceof Number base ? StreamValues.real(natural / Math.log(base.doubleValue())) : NULL;
    }

    /** NULL counts as an empty text, as in T-SQL. */
    private static Object concat(Object[] arguments) {
        StringBuilder all = new StringBuilder();
        for (Object argument : arguments) {
            Object text = StreamValues.text(argument);
            if (text != NULL) {
                all.append(text);
            }
        }
        return all.toString();
    }

    /** Counts from 1. */
    private static Object substring(Object[] arguments) {
        if (!(arguments[0] instanceof String text) || !(arguments[1] instanceof Number start)) {
            return NULL;
        }
        long from = start.longValue() - 1;
        long until = text.length();
        if (arguments.length == 3) {
            if (!(arguments[2] instanceof Number length) || length.longValue() < 0) {
                return NULL;
            }
            until = Math.min(until, from + length.longValue());
        }
        int begin = clamp(from, text.length());
        return text.substring(begin, Math.max(begin, clamp(until, text.length())));
    }

    /** Counts from 1; 0 where there is none. */
    private static Object charIndex(Object[] arguments) {
        if (!(arguments[0] instanceof String part) || !(arguments[1] instanceof String text)) {
            return NULL;
        }
        long from = 1;
        if (arguments.length == 3) {
            if (!(arguments[2] instanceof Number start)) {
                return NULL;
            }
            from = start.longValue();
        }
        return text.indexOf(part, clamp(from - 1, text.length())) + 1L;
    }

    private static Object replace(Object[] arguments) {
        return arguments[0] instanceof String text
                        && arguments[1] instanceof String part
                        && arguments[2] instanceof String by
                ? part.isEmpty() ? text : text.replace(part, by)
                : NULL;
    }

    private static Object regexMatch(String text, String pattern) {
        try {
            return Pattern.compile(pattern).matcher(text).find() ? 1L : 0L;
        } catch (PatternSyntaxException _) {
            return NULL;
        }
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
        return arguments[0] instanceof List<?> list
                        && arguments[1] instanceof Long index
                        && index >= 0
                        && index < list.size()
                ? StreamValues.of(list.get(index.intValue()))
                : NULL;
    }

    private static Object propertyValue(Object[] arguments) {
        return arguments[0] instanceof Map<?, ?> record && arguments[1] instanceof String name
                ? StreamValues.of(record.get(name))
                : NULL;
    }

    private static Object elements(Object value) {
        if (!(value instanceof List<?> list)) {
            return NULL;
        }
        List<Object> rows = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("ArrayIndex", (long) i);
            row.put("ArrayValue", StreamValues.of(list.get(i)));
            rows.add(row);
        }
        return rows;
    }

    private static Object properties(Object value) {
        if (!(value instanceof Map<?, ?> record)) {
            return NULL;
        }
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
