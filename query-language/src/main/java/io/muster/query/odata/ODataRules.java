package io.muster.query.odata;

import io.muster.query.kernel.Comparison;
import io.muster.query.kernel.ValueRules;
import io.muster.query.kernel.Values;
import java.time.DateTimeException;
import java.time.Instant;

/** Compares as OData does: null equals null alone, and has no order; texts compare without regard to case, as ids do; a text compares with a date as one. */
final class ODataRules implements ValueRules {
    static final ValueRules INSTANCE = new ODataRules();

    private ODataRules() {}

    @Override
    public Object equal(Object one, Object other) {
        if (one == Values.NULL || other == Values.NULL) {
            return one == other;
        }
        return ordered(one, other, Comparison.EQUAL);
    }

    @Override
    public Object ordered(Object one, Object other, Comparison comparison) {
        if (one instanceof Number a && other instanceof Number b) {
            return comparison.holds(ValueRules.compare(a, b));
        }
        if (one instanceof Instant || other instanceof Instant) {
            Object a = date(one);
            Object b = date(other);
            return a instanceof Instant first
                    && b instanceof Instant second
                    && comparison.holds(first.compareTo(second));
        }
        if (one instanceof String a && other instanceof String b) {
            return comparison.holds(a.compareToIgnoreCase(b));
        }
        if (one instanceof Boolean a && other instanceof Boolean b) {
            return comparison.holds(a.compareTo(b));
        }
        return Boolean.FALSE;
    }

    private static Object date(Object value) {
        if (!(value instanceof String text)) {
            return value;
        }
        try {
            return Compiler.instant(text);
        } catch (DateTimeException e) {
            return Values.UNDEFINED;
        }
    }

    @Override
    public Object compute(char operator, Object left, Object right) {
        return Values.UNDEFINED;
    }
}
