package io.muster.query.device;

import io.muster.query.kernel.ScalarFunction;
import io.muster.query.kernel.ValueRules;
import io.muster.query.kernel.Values;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Predicate;

/** Finds functions by their names in upper case. An argument of a wrong type makes the result undefined. Contract: iot-hub, 3.2. */
final class Functions {
    private static final Map<String, ScalarFunction> ALL = Map.ofEntries(
            Map.entry("IS_DEFINED", test(value -> value != Values.UNDEFINED)),
            Map.entry("IS_ARRAY", test(List.class::isInstance)),
            Map.entry("IS_BOOL", test(Boolean.class::isInstance)),
            Map.entry("IS_NULL", test(value -> value == Values.NULL)),
            Map.entry("IS_NUMBER", test(Number.class::isInstance)),
            Map.entry("IS_OBJECT", test(Map.class::isInstance)),
            Map.entry("IS_PRIMITIVE", test(ValueRules::isPrimitive)),
            Map.entry("IS_STRING", test(String.class::isInstance)),
            Map.entry("ABS", math(Math::abs)),
            Map.entry("EXP", math(Math::exp)),
            Map.entry("SQUARE", math(value -> value * value)),
            Map.entry("CEILING", math(Math::ceil)),
            Map.entry("FLOOR", math(Math::floor)),
            Map.entry("SIGN", math(Math::signum)),
            Map.entry("SQRT", math(Math::sqrt)),
            Map.entry("POWER", new ScalarFunction(2, 2, Functions::power)),
            Map.entry("AS_NUMBER", new ScalarFunction(1, 1, Functions::asNumber)),
            Map.entry("CONCAT", new ScalarFunction(2, ScalarFunction.MANY, Functions::concat)),
            Map.entry("LENGTH", text(text -> (double) text.length())),
            Map.entry("LOWER", text(text -> text.toLowerCase(Locale.ROOT))),
            Map.entry("UPPER", text(text -> text.toUpperCase(Locale.ROOT))),
            Map.entry("SUBSTRING", new ScalarFunction(2, 3, Functions::substring)),
            Map.entry("INDEX_OF", texts((text, part) -> (double) text.indexOf(part))),
            Map.entry("STARTS_WITH", check(String::startsWith)),
            Map.entry("STARTSWITH", check(String::startsWith)),
            Map.entry("ENDS_WITH", check(String::endsWith)),
            Map.entry("ENDSWITH", check(String::endsWith)),
            Map.entry("CONTAINS", check(String::contains)));

    private Functions() {}

    static Optional<ScalarFunction> named(String name) {
        return Optional.ofNullable(ALL.get(name));
    }

    private static ScalarFunction test(Predicate<Object> predicate) {
        return new ScalarFunction(1, 1, arguments -> predicate.test(arguments[0]));
    }

    private static ScalarFunction math(DoubleUnaryOperator operator) {
        return new ScalarFunction(
                1,
                1,
                arguments -> arguments[0] instanceof Number number
                        ? ValueRules.finite(operator.applyAsDouble(number.doubleValue()))
                        : Values.UNDEFINED);
    }

    private static ScalarFunction text(java.util.function.Function<String, Object> operator) {
        return new ScalarFunction(
                1, 1, arguments -> arguments[0] instanceof String text ? operator.apply(text) : Values.UNDEFINED);
    }

    private static ScalarFunction texts(BiFunction<String, String, Object> operator) {
        return new ScalarFunction(
                2,
                2,
                arguments -> arguments[0] instanceof String one && arguments[1] instanceof String other
                        ? operator.apply(one, other)
                        : Values.UNDEFINED);
    }

    private static ScalarFunction check(BiPredicate<String, String> predicate) {
        return texts(predicate::test);
    }

    private static Object power(Object[] arguments) {
        return arguments[0] instanceof Number base && arguments[1] instanceof Number exponent
                ? ValueRules.finite(Math.pow(base.doubleValue(), exponent.doubleValue()))
                : Values.UNDEFINED;
    }

    private static Object asNumber(Object[] arguments) {
        return switch (arguments[0]) {
            case Number number -> number;
            case String text -> parsed(text);
            default -> Values.UNDEFINED;
        };
    }

    private static Object parsed(String text) {
        try {
            return ValueRules.finite(Double.parseDouble(text.strip()));
        } catch (NumberFormatException e) {
            return Values.UNDEFINED;
        }
    }

    private static Object concat(Object[] arguments) {
        StringBuilder out = new StringBuilder();
        for (Object argument : arguments) {
            if (!(argument instanceof String text)) {
                return Values.UNDEFINED;
            }
            out.append(text);
        }
        return out.toString();
    }

    /** Returns the text from an index, counted from 0: so many characters, or all; nothing outside of the text. */
    private static Object substring(Object[] arguments) {
        if (!(arguments[0] instanceof String text) || !(arguments[1] instanceof Number start)) {
            return Values.UNDEFINED;
        }
        int from = Math.clamp(start.longValue(), 0, text.length());
        if (arguments.length == 2) {
            return text.substring(from);
        }
        return arguments[2] instanceof Number length
                ? text.substring(from, from + Math.clamp(length.longValue(), 0, text.length() - from))
                : Values.UNDEFINED;
    }
}
