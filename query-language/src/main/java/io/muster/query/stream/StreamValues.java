package io.muster.query.stream;

import io.muster.query.kernel.Comparison;
import io.muster.query.kernel.ValueRules;
import io.muster.query.kernel.Values;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Operates on values and converts them. Contract: stream-analytics, 4.5, types. */
public final class StreamValues {
    /** Stands for the dialect's one NULL: of absent members, and of those that are null. */
    public static final Object NULL = Values.UNDEFINED;

    private static final int LONGEST_NUMBER = 400;

    /** Bounds the characters of a text that a query makes, and the elements of an array. */
    private static final int LARGEST = 1024 * 1024;

    /** Bounds the steps of one search of a text. */
    private static final int MOST_STEPS = 100_000_000;

    /** Bounds the weight of the texts and arrays of one row that a query makes. */
    private static final int HEAVIEST_ROW = 4 * LARGEST;

    /** Converts implicitly where the types of two values differ. */
    static final ValueRules RULES = new ValueRules() {
        @Override
        public Object equal(Object one, Object other) {
            return StreamValues.equal(one, other);
        }

        @Override
        public Object ordered(Object one, Object other, Comparison comparison) {
            if (one instanceof Double a && other instanceof Double b) {
                return comparison.holds(Double.compare(a + 0.0, b + 0.0)); // Most telemetry is such.
            }
            OptionalInt order = compare(one, other);
            return order.isEmpty() ? NULL : (Object) comparison.holds(order.getAsInt());
        }

        @Override
        public Object compute(char operator, Object left, Object right) {
            return arithmetic(operator, left, right);
        }
    };

    private StreamValues() {}

    /** Returns the value of the dialect for one of JSON. */
    public static Object of(@Nullable Object value) {
        if (value instanceof String || value instanceof Double || value instanceof Long) {
            return value; // By far the most.
        }
        return switch (value) {
            case null -> NULL;
            case Values _ -> NULL;
            case Integer number -> number.longValue();
            case Float number -> number.doubleValue();
            default -> value;
        };
    }

    /** Returns the member of that name: spelled so, or else in any case; NULL where there is none. */
    public static Object member(Map<?, ?> record, String name) {
        return member(record, Map.of(), name);
    }

    /** Returns how the name of the {@link #member(Map, String) member} is spelled; empty where there is none. */
    public static Optional<String> spelling(Map<?, ?> record, String name) {
        return record.containsKey(name)
                ? Optional.of(name)
                : record.keySet().stream()
                        .map(String.class::cast)
                        .filter(name::equalsIgnoreCase)
                        .findFirst();
    }

    /** Returns a member like {@link #member(Map, String)}; of two records the first counts more, and an exact name more than either. */
    public static Object member(Map<?, ?> record, Map<?, ?> more, String name) {
        for (Map<?, ?> one = record; ; one = more) {
            Object value = one.get(name);
            if (value != null || one.containsKey(name)) {
                return of(value);
            }
            if (one == more) {
                break;
            }
        }
        for (Map<?, ?> one = record; ; one = more) {
            for (Map.Entry<?, ?> member : one.entrySet()) {
                if (name.equalsIgnoreCase((String) member.getKey())) {
                    return of(member.getValue());
                }
            }
            if (one == more) {
                return NULL;
            }
        }
    }

    /**
     * Returns the order of two values; empty where one is NULL, and then a comparison is NULL. Numbers compare freely, a bit as 0 or 1; a text
     * with anything else becomes what that is.
     *
     * @throws EvaluationException where a value can't be converted
     */
    private static OptionalInt compare(Object one, Object other) {
        if (one == NULL || other == NULL) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(
                switch (one) {
                    case Number a when other instanceof Number b -> ValueRules.compare(a, b);
                    case String a when other instanceof String b -> a.compareTo(b);
                    case Boolean a when other instanceof Boolean b -> a.compareTo(b);
                    case Instant a when other instanceof Instant b -> a.compareTo(b);
                    case String a when other instanceof Instant b -> datetime(a).compareTo(b);
                    case Instant a when other instanceof String b -> a.compareTo(datetime(b));
                    case String a when other instanceof Boolean b -> asBit(a).compareTo(b);
                    case Boolean a when other instanceof String b -> a.compareTo(asBit(b));
                    case Instant a -> a.compareTo(datetime(other));
                    default -> {
                        if (other instanceof Instant b) {
                            yield datetime(one).compareTo(b);
                        }
                        yield ValueRules.compare((Number) number(one), (Number) number(other));
                    }
                });
    }

    /** Returns TRUE, FALSE, or NULL where one of them is NULL. @throws EvaluationException where a value can't be converted */
    static Object equal(Object one, Object other) {
        if (one instanceof Map && other instanceof Map || one instanceof List && other instanceof List) {
            return one.equals(other);
        }
        OptionalInt order = compare(one, other);
        return order.isEmpty() ? NULL : (Object) (order.getAsInt() == 0);
    }

    /** Rejects a text, before it is made, that is longer than a query may make one. @throws EvaluationException then */
    static void rejectText(long length) {
        if (length > LARGEST) {
            throw EvaluationException.ofSize("a text of more than " + LARGEST + " characters");
        }
    }

    /**
     * Rejects a search, before it is begun, that takes more than 100,000,000 steps.
     *
     * @param function whose search it is
     * @param places at which it may begin, such as the characters of a text
     * @param steps that it takes at each at worst, such as the characters of a pattern
     * @throws EvaluationException then
     */
    static void rejectSearch(String function, long places, long steps) {
        if (places * steps > MOST_STEPS) {
            throw new EvaluationException(function + " takes more than " + MOST_STEPS
                    + " steps: give it a shorter text, such as LEFT(x, 1000), or a shorter pattern");
        }
    }

    /** Rejects an array that is longer than a query may make one. @throws EvaluationException then */
    static void rejectArray(long length) {
        if (length > LARGEST) {
            throw EvaluationException.ofSize("an array of more than " + LARGEST + " elements");
        }
    }

    /** Rejects what is collected of rows where it is larger than one value may be. @throws EvaluationException then */
    static void rejectCollected(String aggregate, long weight) {
        if (weight > LARGEST) {
            throw new EvaluationException(
                    aggregate + " makes an array of more than " + LARGEST + " characters and values");
        }
    }

    /** Rejects a row of a select whose columns are too much together. @throws EvaluationException then */
    public static void rejectRow(long weight) {
        if (weight > HEAVIEST_ROW) {
            throw new EvaluationException("A row has more than " + HEAVIEST_ROW
                    + " characters and values: select fewer columns, or parts of them");
        }
    }

    /** Returns how much memory a value takes, roughly: the characters of its texts, and the values in it. */
    public static long weight(Object value) {
        return switch (value) {
            case String text -> 1L + text.length();
            case List<?> list -> {
                long all = 1;
                for (Object element : list) {
                    all += weight(of(element));
                }
                yield all;
            }
            case Map<?, ?> record -> {
                long all = 1;
                for (Map.Entry<?, ?> member : record.entrySet()) {
                    all += ((String) member.getKey()).length() + weight(of(member.getValue()));
                }
                yield all;
            }
            default -> 1;
        };
    }

    /**
     * Returns one key for all values of a group: equal numbers, a bit and its number, a text and the number or datetime that it writes. Texts that
     * differ are never the same, so it is a little finer than {@code =}: '7.0' is not 7, or it would be '7' too.
     */
    public static Object groupKey(Object value) {
        return switch (value) {
            case Boolean bit -> bit ? 1L : 0L;
            case Number number -> Values.canonical(number);
            case String text -> {
                Object other = written(text);
                yield !(other instanceof String)
                                && asText(other).filter(text::equals).isPresent()
                        ? other
                        : text;
            }
            default -> value;
        };
    }

    /** Returns one key for all values that may be equal, of different types too, as a hash needs it: two texts of one number have the same. */
    public static Object key(Object value) {
        Object plain = value instanceof String text ? written(text) : value;
        return switch (plain) {
            case Boolean bit -> bit ? 1L : 0L;
            case Number number -> Values.canonical(number.doubleValue()); // As a bigint and a float compare.
            default -> plain;
        };
    }

    /** Returns the number or the datetime that a text writes, a bit as 0 or 1; else the text. */
    private static Object written(String text) {
        Optional<Number> number = parsedNumber(text);
        if (number.isPresent()) {
            return Values.canonical(number.get());
        }
        if (text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")) {
            return text.equalsIgnoreCase("true") ? 1L : 0L;
        }
        return IsoDateTime.parse(text).map(Object.class::cast).orElse(text);
    }

    /** Orders all values, NULL first, and by type; 0 for equal values only. */
    public static int order(Object one, Object other) {
        if (one == NULL || other == NULL) {
            return one == other ? 0 : one == NULL ? -1 : 1;
        }
        return switch (one) {
            case Number a when other instanceof Number b -> ValueRules.compare(a, b);
            case String a when other instanceof String b -> a.compareTo(b);
            case Boolean a when other instanceof Boolean b -> a.compareTo(b);
            case Instant a when other instanceof Instant b -> a.compareTo(b);
            case List<?> a when other instanceof List<?> b -> order(a, b);
            case Map<?, ?> a
            when other instanceof Map<?, ?> b -> {
                NavigableMap<Object, Object> first = new TreeMap<>(a);
                NavigableMap<Object, Object> second = new TreeMap<>(b);
                int names = order(List.copyOf(first.keySet()), List.copyOf(second.keySet()));
                yield names != 0 ? names : order(List.copyOf(first.values()), List.copyOf(second.values()));
            }
            default -> Integer.compare(rank(one), rank(other));
        };
    }

    private static int order(List<?> one, List<?> other) {
        for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
            int sign = order(of(one.get(i)), of(other.get(i)));
            if (sign != 0) {
                return sign;
            }
        }
        return Integer.compare(one.size(), other.size());
    }

    private static int rank(Object value) {
        return switch (value) {
            case Boolean _ -> 0;
            case Number _ -> 1;
            case Instant _ -> 2;
            case String _ -> 3;
            case List<?> _ -> 4;
            default -> 5;
        };
    }

    /**
     * Computes with two values. Whole numbers stay whole, and a quotient of two is cut, as in T-SQL; NULL and anything is NULL, and so is what has
     * no value (a division by zero).
     *
     * @throws EvaluationException where a value is no number and writes none
     */
    static Object arithmetic(char operator, Object left, Object right) {
        if (left == NULL || right == NULL) {
            return NULL;
        }
        if (operator == '+' && left instanceof String a && right instanceof String b) {
            rejectText((long) a.length() + b.length());
            return a + b;
        }
        Object one = number(left);
        Object other = number(right);
        if (one instanceof Long a && other instanceof Long b) {
            return whole(operator, a, b);
        }
        return ValueRules.finite(
                ValueRules.compute(operator, ((Number) one).doubleValue(), ((Number) other).doubleValue()));
    }

    private static Object whole(char operator, long a, long b) {
        try {
            return switch (operator) {
                case '+' -> Math.addExact(a, b);
                case '-' -> Math.subtractExact(a, b);
                case '*' -> Math.multiplyExact(a, b);
                default -> b == 0 ? NULL : (Object) (operator == '/' ? Math.divideExact(a, b) : a % b);
            };
        } catch (ArithmeticException _) {
            return NULL; // Beyond 64 bits.
        }
    }

    // --- Implicit conversions. NULL stays NULL; a value that can't be converted fails.

    /** Returns a {@code Long}, a {@code Double}, or NULL. @throws EvaluationException where it is no number and writes none */
    static Object number(Object value) {
        return switch (value) {
            case Long number -> number;
            case Double number -> number;
            case Boolean bit -> bit ? 1L : 0L;
            case String text ->
                parsedNumber(text).orElseThrow(() -> EvaluationException.ofConversion(text, "a number"));
            case Values _ -> NULL;
            default -> throw EvaluationException.ofConversion(value, "a number");
        };
    }

    /** Converts a value to a text; NULL stays NULL. @throws EvaluationException where it is a record or an array */
    static Object text(Object value) {
        return value == NULL
                ? NULL
                : asText(value).orElseThrow(() -> EvaluationException.ofConversion(value, "a text"));
    }

    /** Converts a value to a datetime. @throws EvaluationException where it is no datetime and writes none */
    static Instant datetime(Object value) {
        return instant(value).orElseThrow(() -> EvaluationException.ofConversion(value, "a datetime"));
    }

    /** Returns the value by which values without a cast are ordered: of a text the number or the datetime that it writes. */
    static Object measure(Object value) {
        if (!(value instanceof String text)) {
            return value;
        }
        Optional<Number> number = parsedNumber(text);
        return number.isPresent()
                ? number.get()
                : IsoDateTime.parse(text).map(Object.class::cast).orElse(text);
    }

    private static Boolean asBit(String text) {
        return bit(text).orElseThrow(() -> EvaluationException.ofConversion(text, "a bit"));
    }

    private static Optional<Object> asText(Object value) {
        return switch (value) {
            case String text -> Optional.of(text);
            case Boolean bit -> Optional.of(bit ? "1" : "0");
            case Long number -> Optional.of(number.toString());
            case Double number -> Optional.of(realText(number));
            case Instant instant -> Optional.of(DateTimes.text(instant));
            default -> Optional.empty();
        };
    }

    /** Writes numbers as .NET does: up to fifteen digits without an exponent, whole ones without a point. */
    private static String realText(double value) {
        double size = Math.abs(value);
        BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        if (size == 0 || size >= 1e-5 && size < 1e15) {
            return exact.signum() == 0 ? "0" : exact.toPlainString();
        }
        int exponent = exact.precision() - exact.scale() - 1;
        return exact.movePointLeft(exponent).toPlainString() + "E" + (exponent < 0 ? "-" : "+")
                + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    /** Returns the datetime, or NULL where it is outside of the calendar, which goes from the year 1 to 9999: ticks hold no later year. */
    public static Object inCalendar(Instant instant) {
        return DateTimes.isInCalendar(instant) ? instant : NULL;
    }

    /** Returns a datetime as text, with its seven digits. */
    public static String dateText(Instant instant) {
        return DateTimes.text(instant);
    }

    /** Returns the datetime that a value is or writes, in ISO 8601; without an offset in UTC. */
    public static Optional<Instant> instant(Object value) {
        return switch (value) {
            case Instant instant -> Optional.of(instant);
            case String text -> IsoDateTime.parse(text);
            default -> Optional.empty();
        };
    }

    /** Returns the number that a text writes: whole or real, and nothing else that Java accepts. */
    private static Optional<Number> parsedNumber(String given) {
        String text = given.strip();
        boolean whole = true;
        if (text.isEmpty() || text.length() > LONGEST_NUMBER) {
            return Optional.empty();
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= '0' && c <= '9' || (c == '-' || c == '+') && i == 0) {
                continue;
            }
            boolean exponent = i > 0 && Character.toLowerCase(text.charAt(i - 1)) == 'e';
            if (c != '.' && c != 'e' && c != 'E' && !(exponent && (c == '-' || c == '+'))) {
                return Optional.empty(); // Such as a date.
            }
            whole = false;
        }
        try {
            if (whole) {
                BigInteger number = new BigInteger(text);
                return Optional.of(number.bitLength() < Long.SIZE ? (Number) number.longValue() : number.doubleValue())
                        .filter(one -> Double.isFinite(one.doubleValue()));
            }
            double real = Double.parseDouble(text);
            return Double.isFinite(real) ? Optional.of(real) : Optional.empty();
        } catch (NumberFormatException _) {
            return Optional.empty();
        }
    }

    /** Returns the value as a type; empty where it can't be converted. NULL stays NULL. */
    static Optional<Object> cast(Object value, Type type) {
        if (value == NULL) {
            return Optional.of(NULL);
        }
        return switch (type) {
            case BIGINT -> whole(value);
            case FLOAT -> numberOf(value).map(number -> (Object) number.doubleValue());
            case NVARCHAR -> asText(value).map(Object.class::cast);
            case DATETIME -> instant(value).map(Object.class::cast);
            case BIT -> bit(value).map(Object.class::cast);
            case RECORD -> Optional.of(value).filter(Map.class::isInstance);
            case ARRAY -> Optional.of(value).filter(List.class::isInstance);
        };
    }

    private static Optional<Object> whole(Object value) {
        return switch (value) {
            case Double real ->
                Math.abs(real) < 0x1p63 ? Optional.of((Object) (long) real.doubleValue()) : Optional.empty();
            case String text -> {
                try {
                    yield Optional.of((Object) new BigInteger(text.strip()).longValueExact());
                } catch (NumberFormatException | ArithmeticException _) {
                    yield Optional.empty();
                }
            }
            default -> numberOf(value).map(Number::longValue);
        };
    }

    private static Optional<Number> numberOf(Object value) {
        return switch (value) {
            case Number number -> Optional.of(number);
            case Boolean bit -> Optional.of(bit ? 1L : 0L);
            case String text -> parsedNumber(text);
            default -> Optional.empty();
        };
    }

    private static Optional<Boolean> bit(Object value) {
        return switch (value) {
            case Boolean bit -> Optional.of(bit);
            case Number number -> Optional.of(number.doubleValue() != 0);
            case String text when text.equalsIgnoreCase("true") || text.equals("1") -> Optional.of(true);
            case String text when text.equalsIgnoreCase("false") || text.equals("0") -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    /** Sorts values by type. */
    enum Type {
        BIGINT,
        FLOAT,
        NVARCHAR,
        DATETIME,
        BIT,
        RECORD,
        ARRAY;

        /** Returns the type of a name in a query, in upper case; empty where there is none. */
        static Optional<Type> named(String name) {
            return switch (name) {
                case "BIGINT" -> Optional.of(BIGINT);
                case "FLOAT" -> Optional.of(FLOAT);
                case "NVARCHAR" -> Optional.of(NVARCHAR);
                case "DATETIME" -> Optional.of(DATETIME);
                case "BIT" -> Optional.of(BIT);
                case "RECORD" -> Optional.of(RECORD);
                case "ARRAY" -> Optional.of(ARRAY);
                default -> Optional.empty();
            };
        }

        /** Returns the name of a value's type as {@code GetType} has it; NULL for NULL. */
        static Object of(Object value) {
            return switch (value) {
                case Long _ -> "bigint";
                case Double _ -> "float";
                case String _ -> "nvarchar(max)";
                case Instant _ -> "datetime";
                case Boolean _ -> "bit";
                case Map<?, ?> _ -> "record";
                case List<?> _ -> "array";
                default -> NULL;
            };
        }
    }
}
