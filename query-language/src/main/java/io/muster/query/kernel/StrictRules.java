package io.muster.query.kernel;

/** Compares values of one type only. Values of different types differ, and have no order. Contract: iot-hub, 3.3. */
final class StrictRules implements ValueRules {
    @Override
    public Object equal(Object one, Object other) {
        if (!ValueRules.isPrimitive(one) || !ValueRules.isPrimitive(other)) {
            return Values.UNDEFINED;
        }
        return one instanceof Number a && other instanceof Number b ? ValueRules.compare(a, b) == 0 : one.equals(other);
    }

    @Override
    public Object ordered(Object one, Object other, Comparison comparison) {
        if (one instanceof Number a && other instanceof Number b) {
            return comparison.holds(ValueRules.compare(a, b));
        }
        if (one instanceof String a && other instanceof String b) {
            return comparison.holds(a.compareTo(b));
        }
        if (one instanceof Boolean a && other instanceof Boolean b) {
            return comparison.holds(a.compareTo(b));
        }
        return Values.UNDEFINED;
    }

    @Override
    public Object compute(char operator, Object left, Object right) {
        return left instanceof Number a && right instanceof Number b
                ? ValueRules.finite(ValueRules.compute(operator, a.doubleValue(), b.doubleValue()))
                : Values.UNDEFINED;
    }
}
