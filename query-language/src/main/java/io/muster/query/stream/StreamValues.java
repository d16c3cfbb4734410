package io.muster.query.stream;

import io.muster.query.Operators;
import io.muster.query.Values;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What values do with each other. Contract: stream-analytics, 4.5, types. */
public final class StreamValues {
    /** The dialect's one NULL: of members that are absent, and of those that are null. */
    public static final Object NULL = Values.UNDEFINED;

    private StreamValues() {}

    /** A value out of JSON. */
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

    /**
     * The order of two values; empty where they have none, and then a comparison is NULL. Numbers compare freely, a bit as 0 or 1, a text
     * with a datetime as the datetime that it writes.
     */
    public static OptionalInt compare(Object one, Object other) {
        return switch (one) {
            case Number a when other instanceof Number b -> OptionalInt.of(Operators.compare(a, b));
            case String a when other instanceof String b -> OptionalInt.of(a.compareTo(b));
            case Boolean a when other instanceof Boolean b -> OptionalInt.of(a.compareTo(b));
            case Instant a when other instanceof Instant b -> OptionalInt.of(a.compareTo(b));
            case Boolean a when other instanceof Number b -> OptionalInt.of(Operators.compare(a ? 1L : 0L, b));
            case Number a when other instanceof Boolean b -> OptionalInt.of(Operators.compare(a, b ? 1L : 0L));
            case String a when other instanceof Instant b -> compared(instant(a), Optional.of(b));
            case Instant a when other instanceof String b -> compared(Optional.of(a), instant(b));
            default -> OptionalInt.empty();
        };
    }

    private static OptionalInt compared(Optional<Instant> one, Optional<Instant> other) {
        return one.isPresent() && other.isPresent()
                ? OptionalInt.of(one.get().compareTo(other.get()))
                : OptionalInt.empty();
    }

    /** TRUE, FALSE, or NULL where the two have no order and are no equal records or arrays. */
    static Object equal(Object one, Object other) {
        if (one == NULL || other == NULL) {
            return NULL;
        }
        if (one instanceof Map || one instanceof List) {
            return one.equals(other);
        }
        OptionalInt order = compare(one, other);
        return order.isEmpty() ? NULL : (Object) (order.getAsInt() == 0);
    }

    /** An order over all values of which a minimum or a sort is asked: NULL first, then by type where types don't compare. */
    public static int order(Object one, Object other) {
        if (one == NULL || other == NULL) {
            return one == other ? 0 : one == NULL ? -1 : 1;
        }
        OptionalInt order = compare(one, other);
        return order.isPresent()
                ? order.getAsInt()
                : one.getClass().getName().compareTo(other.getClass().getName());
    }

    /** Whole numbers stay whole, and a quotient of two is cut, as in T-SQL; what has no value (a division by zero) is NULL. */
    static Object arithmetic(char operator, Object left, Object right) {
        if (left instanceof Long a && right instanceof Long b) {
            return whole(operator, a, b);
        }
        if (operator == '+' && left instanceof String a && right instanceof String b) {
            return a + b;
        }
        if (!(left instanceof Number x) || !(right instanceof Number y)) {
            return NULL;
        }
        double a = x.doubleValue();
        double b = y.doubleValue();
        return real(
                switch (operator) {
                    case '+' -> a + b;
                    case '-' -> a - b;
                    case '*' -> a * b;
                    case '/' -> a / b;
                    default -> a % b;
                });
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

    static Object real(double value) {
        return Double.isFinite(value) ? (Object) value : NULL;
    }

    /** As text: what CONCAT and CAST make of it. */
    static Object text(Object value) {
        return switch (value) {
            case String text -> text;
            case Boolean bit -> bit ? "1" : "0";
            case Long number -> number.toString();
            case Double number -> number.toString();
            case Instant instant -> DateTimes.text(instant);
            default -> NULL;
        };
    }

    /** A datetime as text, with the seven digits that it has. */
    public static String dateText(Instant instant) {
        return DateTimes.text(instant);
    }

    /** The datetime that a value is or writes, in ISO 8601; without an offset in UTC. */
    public static Optional<Instant> instant(Object value) {
        return switch (value) {
            case Instant instant -> Optional.of(instant);
            case String text -> parsed(text);
            default -> Optional.empty();
        };
    }

    private static Optional<Instant> parsed(String text) {
        String iso = text.strip().replace(' ', 'T');
        try {
            if (iso.length() == 10) {
                return Optional.of(LocalDate.parse(iso).atStartOfDay().toInstant(ZoneOffset.UTC));
            }
            boolean offset = iso.endsWith("Z") || iso.indexOf('+') > 0 || iso.lastIndexOf('-') > iso.indexOf('T');
            return Optional.of(
                    offset
                            ? OffsetDateTime.parse(iso).toInstant()
                            : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC));
        } catch (DateTimeException _) {
            return Optional.empty();
        }
    }

    /** The value as a type; empty where it can't be. NULL stays NULL. */
    static Optional<Object> cast(Object value, Type type) {
        if (value == NULL) {
            return Optional.of(NULL);
        }
        return switch (type) {
            case BIGINT -> whole(value);
            case FLOAT -> number(value).map(number -> (Object) number.doubleValue());
            case NVARCHAR -> Optional.of(text(value)).filter(text -> text != NULL);
            case DATETIME -> instant(value).map(Object.class::cast);
            case BIT -> bit(value);
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
            default -> number(value).map(Number::longValue);
        };
    }

    private static Optional<Number> number(Object value) {
        return switch (value) {
            case Number number -> Optional.of(number);
            case Boolean bit -> Optional.of(bit ? 1L : 0L);
            case String text -> {
                try {
                    double real = Double.parseDouble(text.strip());
                    yield Double.isFinite(real) ? Optional.of(real) : Optional.empty();
                } catch (NumberFormatException _) {
                    yield Optional.empty();
                }
            }
            default -> Optional.empty();
        };
    }

    private static Optional<Object> bit(Object value) {
        return switch (value) {
            case Boolean bit -> Optional.of(bit);
            case Number number -> Optional.of(number.doubleValue() != 0);
            case String text when text.equalsIgnoreCase("true") || text.equals("1") -> Optional.of(true);
            case String text when text.equalsIgnoreCase("false") || text.equals("0") -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    /** What a value is. */
    enum Type {
        BIGINT,
        FLOAT,
        NVARCHAR,
        DATETIME,
        BIT,
        RECORD,
        ARRAY;

        /** By its name in a query, in upper case. */
        static Optional<Type> named(String name) {
            return switch (name) {
                case "BIGINT", "INT" -> Optional.of(BIGINT);
                case "FLOAT", "REAL" -> Optional.of(FLOAT);
                case "NVARCHAR", "VARCHAR", "STRING" -> Optional.of(NVARCHAR);
                case "DATETIME", "DATETIME2" -> Optional.of(DATETIME);
                case "BIT" -> Optional.of(BIT);
                case "RECORD" -> Optional.of(RECORD);
                case "ARRAY" -> Optional.of(ARRAY);
                default -> Optional.empty();
            };
        }

        /** What {@code GetType} says. */
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
