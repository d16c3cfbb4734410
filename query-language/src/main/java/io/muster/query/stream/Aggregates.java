package io.muster.query.stream;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.ValueRules;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Finds the aggregates. They skip NULL; without a value their result is NULL, but a count is 0. Contract: stream-analytics, 4.5. */
final class Aggregates {
    private static final Object NULL = StreamValues.NULL;

    private Aggregates() {}

    /** Orders rows by a value. */
    record Order(Expression by, boolean descending) {}

    /** Returns the aggregate of a name in upper case over one argument; empty for an unknown name. */
    static Optional<Aggregate> named(String name, Expression argument) {
        return switch (name) {
            case "COUNT" -> Optional.of(() -> new Count(argument));
            case "SUM" -> Optional.of(() -> new Sum(argument));
            case "AVG" -> Optional.of(() -> new Average(argument));
            case "STDEV" ->
                Optional.of(() -> new Spread(argument, spread -> Math.sqrt(spread.squares / (spread.count - 1))));
            case "STDEVP" ->
                Optional.of(() -> new Spread(argument, spread -> Math.sqrt(spread.squares / spread.count)));
            case "VAR" -> Optional.of(() -> new Spread(argument, spread -> spread.squares / (spread.count - 1)));
            case "VARP" -> Optional.of(() -> new Spread(argument, spread -> spread.squares / spread.count));
            case "MIN" -> Optional.of(() -> new Extreme(argument, -1));
            case "MAX" -> Optional.of(() -> new Extreme(argument, 1));
            case "COLLECT" -> Optional.of(() -> new Collected(argument));
            default -> Optional.empty();
        };
    }

    static Aggregate distinct(Expression argument) {
        return () -> new Distinct(argument);
    }

    /** Collects the first rows in the order; with a limit of 1 the row itself and not a list. */
    static Aggregate top(int limit, boolean one, Expression row, List<Order> order) {
        return () -> new Top(limit, one, row, order);
    }

    static Aggregate first(Expression argument) {
        return () -> new First(argument);
    }

    /** Makes a percentile of numbers in an order: the first up to which a share of them goes, or interpolated between two. */
    static Aggregate percentile(double share, boolean interpolated, Order order) {
        return () -> new Percentile(share, interpolated, order);
    }

    private static final class Count implements Accumulator {
        private final Expression argument;
        private long count;

        Count(Expression argument) {
            this.argument = argument;
        }

        @Override
        public void add(StreamRow row) {
            if (argument.evaluate(row) != NULL) {
                count++;
            }
        }

        @Override
        public void merge(Accumulator other) {
            count += ((Count) other).count;
        }

        @Override
        public Object result() {
            return count;
        }

        @Override
        public Object save() {
            return count;
        }

        @Override
        public void load(Object saved) {
            count = (Long) saved;
        }
    }

    /** Keeps the value of the earliest row, which may be NULL. */
    private static final class First implements Accumulator {
        private final Expression argument;
        private @Nullable Object first;

        First(Expression argument) {
            this.argument = argument;
        }

        @Override
        public void add(StreamRow row) {
            if (first == null) {
                first = argument.evaluate(row);
            }
        }

        @Override
        public void merge(Accumulator later) {
            if (first == null) {
                first = ((First) later).first;
            }
        }

        @Override
        public Object result() {
            return first == null ? NULL : first;
        }

        @Override
        public Object save() {
            return result();
        }

        @Override
        public void load(Object saved) {
            first = saved;
        }
    }

    /** Sums values, as a whole number while all of them are. */
    private static final class Sum implements Accumulator {
        private final Expression argument;
        private Object sum = NULL;

        Sum(Expression argument) {
            this.argument = argument;
        }

        @Override
        public void add(StreamRow row) {
            Object value = argument.evaluate(row);
            if (value instanceof Number) {
                plus(value);
            }
        }

        private void plus(Object value) {
            if (sum == NULL) {
                sum = value;
                return;
            }
            Object both = StreamValues.arithmetic('+', sum, value);
            if (both == NULL) {
                throw new EvaluationException(
                        sum instanceof Long && value instanceof Long
                                ? "the sum is beyond 64 bits: write SUM(CAST(x AS float))"
                                : "the sum is beyond what a float can hold");
            }
            sum = both;
        }

        @Override
        public void merge(Accumulator other) {
            if (((Sum) other).sum != NULL) {
                plus(((Sum) other).sum);
            }
        }

        @Override
        public Object result() {
            return sum;
        }

        @Override
        public Object save() {
            return sum;
        }

        @Override
        public void load(Object saved) {
            sum = saved;
        }
    }

    /**
     * Divides the sum, which is kept with each addition's loss as Neumaier does, by the count: the average of the numbers to the last bit, in whatever
     * order and parts they come. A sum beyond a float has none.
     */
    private static final class Average implements Accumulator {
        private final Expression argument;
        private long count;
        private double sum;
        private double lost;

        Average(Expression argument) {
            this.argument = argument;
        }

        @Override
        public void add(StreamRow row) {
            Object value = argument.evaluate(row);
            if (value instanceof Number number) {
                count++;
                plus(number.doubleValue());
                if (value instanceof Long whole) {
                    lost += whole - (long) number.doubleValue(); // Beyond 53 bits.
                }
            }
        }

        private void plus(double value) {
            double both = sum + value;
            lost += Math.abs(sum) >= Math.abs(value) ? sum - both + value : value - both + sum;
            sum = both;
        }

        @Override
        public void merge(Accumulator other) {
            Average more = (Average) other;
            count += more.count;
            plus(more.sum);
            lost += more.lost;
        }

        @Override
        public Object result() {
            if (count == 0) {
                return NULL;
            }
            double mean = sum / count;
            return ValueRules.finite(mean + (Math.fma(-mean, count, sum) + lost) / count);
        }

        @Override
        public Object save() {
            return List.of(count, sum, lost);
        }

        @Override
        public void load(Object saved) {
            List<?> parts = (List<?>) saved;
            count = (Long) parts.get(0);
            sum = (Double) parts.get(1);
            lost = (Double) parts.get(2);
        }
    }

    /** Keeps count, mean, and squares of the distances from it, as Welford does, and merges them as Chan does. */
    private static final class Spread implements Accumulator {
        private final Expression argument;
        private final ToDoubleFunction<Spread> wanted;
        private long count;
        private double mean;
        private double squares;

        Spread(Expression argument, ToDoubleFunction<Spread> wanted) {
            this.argument = argument;
            this.wanted = wanted;
        }

        @Override
        public void add(StreamRow row) {
            if (argument.evaluate(row) instanceof Number number) {
                double distance = number.doubleValue() - mean;
                count++;
                mean += distance / count;
                squares += distance * (number.doubleValue() - mean);
            }
        }

        @Override
        public void merge(Accumulator other) {
            Spread more = (Spread) other;
            if (more.count > 0) {
                long all = count + more.count;
                double distance = more.mean - mean;
                mean += distance * more.count / all;
                squares += more.squares + distance * distance * count * more.count / all;
                count = all;
            }
        }

        @Override
        public Object result() {
            return count == 0 ? NULL : ValueRules.finite(wanted.applyAsDouble(this));
        }

        @Override
        public Object save() {
            return List.of(count, mean, squares);
        }

        @Override
        public void load(Object saved) {
            List<?> parts = (List<?>) saved;
            count = (Long) parts.get(0);
            mean = (Double) parts.get(1);
            squares = (Double) parts.get(2);
        }
    }

    private static final class Extreme implements Accumulator {
        private final Expression argument;
        private final int wanted;
        private Object extreme = NULL;

        /** Begins a MIN or a MAX without a value. @param wanted -1 for the least, 1 for the greatest */
        Extreme(Expression argument, int wanted) {
            this.argument = argument;
            this.wanted = wanted;
        }

        @Override
        public void add(StreamRow row) {
            take(argument.evaluate(row));
        }

        private void take(Object value) {
            if (value != NULL && (extreme == NULL || Integer.signum(StreamValues.order(value, extreme)) == wanted)) {
                extreme = value;
            }
        }

        @Override
        public void merge(Accumulator other) {
            take(((Extreme) other).extreme);
        }

        @Override
        public Object result() {
            return extreme;
        }

        @Override
        public Object save() {
            return extreme;
        }

        @Override
        public void load(Object saved) {
            extreme = saved;
        }
    }

    /** Collects all values. */
    private abstract static class Gathered implements Accumulator {
        private final Collection<Object> values;

        Gathered(Collection<Object> values) {
            this.values = values;
        }

        final Collection<Object> values() {
            return values;
        }

        @Override
        public void merge(Accumulator other) {
            values.addAll(((Gathered) other).values);
        }

        @Override
        public Object save() {
            return List.copyOf(values);
        }

        @Override
        public void load(Object saved) {
            values.addAll((List<?>) saved);
        }
    }

    private static final class Distinct extends Gathered {
        private final Expression argument;

        Distinct(Expression argument) {
            super(new LinkedHashSet<>());
            this.argument = argument;
        }

        @Override
        public void add(StreamRow row) {
            Object value = argument.evaluate(row);
            if (value != NULL) {
                values().add(StreamValues.groupKey(value));
            }
        }

        @Override
        public Object result() {
            return (long) values().size();
        }
    }

    private static final class Collected extends Gathered {
        private final Expression argument;
        private long weight;

        Collected(Expression argument) {
            super(new ArrayList<>());
            this.argument = argument;
        }

        @Override
        public void add(StreamRow row) {
            Object value = argument.evaluate(row);
            gain(StreamValues.weight(value));
            values().add(value);
        }

        private void gain(long more) {
            weight += more;
            StreamValues.rejectCollected("Collect", weight);
        }

        @Override
        public void merge(Accumulator other) {
            gain(((Collected) other).weight);
            super.merge(other);
        }

        @Override
        public void load(Object saved) {
            super.load(saved);
            values().forEach(value -> weight += StreamValues.weight(value));
        }

        @Override
        public Object result() {
            return List.copyOf(values());
        }
    }

    /** Puts the earlier of rows that are equal in the order first. */
    private static final class Top implements Accumulator {
        private final int limit;
        private final boolean one;
        private final Expression row;
        private final List<Order> order;
        /** Holds the values of the order, then the row. */
        private final List<List<Object>> rows = new ArrayList<>();

        private long weight;

        Top(int limit, boolean one, Expression row, List<Order> order) {
            this.limit = limit;
            this.one = one;
            this.row = row;
            this.order = order;
        }

        @Override
        public void add(StreamRow event) {
            List<Object> entry = new ArrayList<>();
            order.forEach(
                    criterion -> entry.add(StreamValues.measure(criterion.by().evaluate(event))));
            entry.add(row.evaluate(event));
            insert(entry);
        }

        private void insert(List<Object> entry) {
            int at = rows.size();
            while (at > 0 && compare().compare(entry, rows.get(at - 1)) < 0) {
                at--;
            }
            if (at < limit) {
                rows.add(at, entry);
                weight += StreamValues.weight(entry);
                if (rows.size() > limit) {
                    weight -= StreamValues.weight(rows.removeLast());
                }
                if (!one) {
                    StreamValues.rejectCollected("CollectTop", weight);
                }
            }
        }

        private Comparator<List<Object>> compare() {
            return (a, b) -> {
                for (int i = 0; i < order.size(); i++) {
                    int sign = StreamValues.order(a.get(i), b.get(i));
                    if (sign != 0) {
                        return order.get(i).descending() ? -sign : sign;
                    }
                }
                return 0;
            };
        }

        @Override
        public void merge(Accumulator other) {
            ((Top) other).rows.forEach(this::insert);
        }

        @Override
        public Object result() {
            if (one) {
                return rows.isEmpty() ? NULL : rows.getFirst().getLast();
            }
            List<Object> ranked = new ArrayList<>();
            for (int i = 0; i < rows.size(); i++) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("rank", i + 1L);
                entry.put("value", rows.get(i).getLast());
                ranked.add(entry);
            }
            return ranked;
        }

        @Override
        public Object save() {
            return List.copyOf(rows);
        }

        @Override
        @SuppressWarnings("unchecked") // As save() made it.
        public void load(Object saved) {
            rows.addAll((List<List<Object>>) saved);
            rows.forEach(entry -> weight += StreamValues.weight(entry));
        }
    }

    private static final class Percentile extends Gathered {
        private final double share;
        private final boolean interpolated;
        private final Order order;

        Percentile(double share, boolean interpolated, Order order) {
            super(new ArrayList<>());
            this.share = share;
            this.interpolated = interpolated;
            this.order = order;
        }

        @Override
        public void add(StreamRow row) {
            Object value = order.by().evaluate(row);
            if (value instanceof Number) {
                values().add(value);
            }
        }

        @Override
        public Object result() {
            if (values().isEmpty()) {
                return NULL;
            }
            List<Object> sorted = new ArrayList<>(values());
            Comparator<Object> ascending = StreamValues::order;
            sorted.sort(order.descending() ? ascending.reversed() : ascending);
            if (!interpolated) {
                return sorted.get(Math.max(0, ceiling(shareOf(sorted.size())) - 1));
            }
            BigDecimal place = shareOf(sorted.size() - 1);
            double low = ((Number) sorted.get(place.intValue())).doubleValue();
            double high = ((Number) sorted.get(ceiling(place))).doubleValue();
            return ValueRules.finite(
                    low + (high - low) * place.remainder(BigDecimal.ONE).doubleValue());
        }

        /** Returns the share of a count, by the digits as they are written: as a float 0.07 * 100 is more than 7. */
        private BigDecimal shareOf(int count) {
            return BigDecimal.valueOf(share).multiply(BigDecimal.valueOf(count));
        }

        private static int ceiling(BigDecimal place) {
            return place.setScale(0, RoundingMode.CEILING).intValue();
        }
    }
}
