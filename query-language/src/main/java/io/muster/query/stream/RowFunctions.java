package io.muster.query.stream;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.stream.grammar.StreamQueryLexer;
import io.muster.query.stream.grammar.StreamQueryParser;
import io.muster.query.stream.grammar.StreamQueryParser.CallContext;
import io.muster.query.stream.grammar.StreamQueryParser.OrContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Compiles functions of several rows of one select: aggregates, and analytic functions, which it collects. */
final class RowFunctions {
    static final Set<String> AGGREGATES = Set.of(
            "COUNT",
            "SUM",
            "AVG",
            "MIN",
            "MAX",
            "STDEV",
            "STDEVP",
            "VAR",
            "VARP",
            "COLLECT",
            "COLLECTTOP",
            "TOPONE",
            "PERCENTILE_CONT",
            "PERCENTILE_DISC");

    private static final Set<String> ORDERED = Set.of("COLLECTTOP", "TOPONE", "PERCENTILE_CONT", "PERCENTILE_DISC");
    private static final Set<Integer> OVER_ROWS =
            Set.of(StreamQueryLexer.PARTITION, StreamQueryLexer.LIMIT, StreamQueryLexer.WHEN);
    private static final String BY_TIME = "rows come by their time";

    private final StreamScope scope;
    private final StreamExpressions rows;
    private final List<StreamQuery.Analytic> analytics = new ArrayList<>();
    private final List<Set<String>> analyticPartitions = new ArrayList<>();

    /** Is true while the argument of an analytic function is compiled. */
    private boolean inAnalytic;

    RowFunctions(StreamScope scope, StreamExpressions rows) {
        this.scope = scope;
        this.rows = rows;
    }

    List<StreamQuery.Analytic> analytics() {
        return List.copyOf(analytics);
    }

    /** Returns by which keys the rows of each analytic function are partitioned. */
    List<Set<String>> analyticPartitions() {
        return analyticPartitions;
    }

    /** Compiles an aggregate over rows. */
    Aggregate aggregate(CallContext call, String name) {
        boolean ordered = ORDERED.contains(name);
        if (ordered && call.over() != null && call.over().LIMIT() == null) {
            Groups.rejectOver(
                    call,
                    Set.of(StreamQueryLexer.ORDER),
                    "name keys in GROUP BY and conditions in WHERE, or add LIMIT DURATION(second, 10) in a select without GROUP BY");
        } else if (!ordered) {
            Groups.rejectOver(call, OVER_ROWS, BY_TIME);
        }
        if (name.equals("COLLECTTOP") || name.equals("TOPONE")) {
            return top(call, name.equals("TOPONE"));
        }
        if (name.startsWith("PERCENTILE_")) {
            return percentile(call, name.endsWith("CONT"));
        }
        if (call.over() != null && call.over().LIMIT() == null) {
            throw Parsing.refuse(call.over().getStart(), "OVER behind an aggregate has a LIMIT DURATION(second, 10)");
        }
        Expression argument;
        if (call.STAR() != null && name.equals("COUNT")) {
            argument = _ -> 1L;
        } else if (call.or().isEmpty() && name.equals("COLLECT") && scope.isSingle()) {
            argument = scope.whole(0);
        } else if (call.or().size() == 1) {
            argument = rows.value(call.or(0));
        } else {
            throw Parsing.refuse(call.getStart(), "'" + call.function().getText() + "' takes one argument");
        }
        if (call.DISTINCT() != null) {
            if (call.over() != null) {
                throw Parsing.refuse(call.getStart(), "COUNT(DISTINCT …) has no OVER: write it with GROUP BY a window");
            }
            return Aggregates.distinct(argument);
        }
        return Aggregates.named(name, StreamExpressions.placed(call, converted(call, name, argument)))
                .orElseThrow();
    }

    /** Converts the argument of an aggregate to a number, or to a value with an order: a text has its own only where somebody cast it to one. */
    private static Expression converted(CallContext call, String name, Expression argument) {
        return switch (name) {
            case "SUM", "AVG", "STDEV", "STDEVP", "VAR", "VARP", "PERCENTILE_CONT", "PERCENTILE_DISC" ->
                row -> StreamValues.number(argument.evaluate(row));
            case "MIN", "MAX" -> Syntax.isCastToText(call.or(0)) ? argument : row -> measure(argument.evaluate(row));
            default -> argument;
        };
    }

    /** Returns a number or a datetime; of a text a float, whatever number it writes, so that the type doesn't go with the data. */
    private static Object measure(Object value) {
        Object measure = StreamValues.measure(value);
        if (value instanceof String && measure instanceof Number number) {
            return number.doubleValue();
        }
        if (measure instanceof String || measure instanceof Map || measure instanceof List) {
            throw EvaluationException.ofConversion(measure, "a number or a datetime");
        }
        return measure;
    }

    private Aggregate top(CallContext call, boolean one) {
        int given = call.or().size() - (one ? 0 : 1);
        if (call.over() == null
                || call.over().order().isEmpty()
                || given < 0
                || given > 1
                || given == 0 && !scope.isSingle()) {
            throw Parsing.refuse(
                    call.getStart(),
                    "Write TopOne() or CollectTop(3) OVER (ORDER BY column DESC), or with a value: TopOne(a.x), CollectTop(3, a.x)");
        }
        int limit = 1;
        if (!one) {
            limit = StreamLiterals.constant(call.or(0)).orElse(StreamValues.NULL) instanceof Long count
                            && count > 0
                            && count <= 1000
                    ? count.intValue()
                    : 0;
            if (limit == 0) {
                throw Parsing.refuse(call.getStart(), "CollectTop takes a number from 1 to 1000");
            }
        }
        List<Aggregates.Order> order = call.over().order().stream()
                .map(by -> new Aggregates.Order(rows.value(by.or()), by.DESC() != null))
                .toList();
        return Aggregates.top(
                limit, one, given == 0 ? scope.whole(0) : rows.value(call.or().getLast()), order);
    }

    private Aggregate percentile(CallContext call, boolean interpolated) {
        Object share = call.or().size() == 1
                ? StreamLiterals.constant(call.or(0)).orElse(StreamValues.NULL)
                : StreamValues.NULL;
        if (!(share instanceof Number number)
                || number.doubleValue() < 0
                || number.doubleValue() > 1
                || call.over() == null
                || call.over().order().size() != 1) {
            throw Parsing.refuse(
                    call.getStart(), "Write " + call.function().getText() + "(0.5) OVER (ORDER BY column)");
        }
        StreamQueryParser.OrderContext order = call.over().order(0);
        Expression argument = rows.value(order.or());
        Expression by = StreamExpressions.placed(call, row -> StreamValues.number(argument.evaluate(row)));
        return Aggregates.percentile(
                number.doubleValue(), interpolated, new Aggregates.Order(by, order.DESC() != null));
    }

    /** Rejects an analytic function inside of another. @return the place of the one that was made */
    private int unnested(CallContext call, IntSupplier analytic) {
        if (inAnalytic) {
            throw Parsing.refuse(
                    call.getStart(),
                    "'" + call.function().getText()
                            + "' has no place inside of another analytic function: take it into a step of WITH");
        }
        inAnalytic = true;
        int place = analytic.getAsInt();
        inAnalytic = false;
        return place;
    }

    /** Compiles LAG, LAST or ISFIRST. @return its place among the computed values of a row */
    int analytic(CallContext call, String name) {
        return unnested(call, () -> name.equals("ISFIRST") ? isFirst(call) : lag(call, name.equals("LAST")));
    }

    private int isFirst(CallContext call) {
        Groups.rejectOver(
                call,
                Set.of(StreamQueryLexer.PARTITION, StreamQueryLexer.WHEN),
                "put its interval first, as in ISFIRST(second, 10)");
        if (call.or().size() != 2) {
            throw Parsing.refuse(call.getStart(), "Write ISFIRST(second, 10)");
        }
        long interval =
                Groups.bounded(call.getStart(), "The interval of ISFIRST", Groups.ticks(call.or(0), call.or(1)));
        return add(call, new StreamQuery.Analytic.Kind.IsFirst(interval), interval);
    }

    private int lag(CallContext call, boolean last) {
        Groups.rejectOver(call, OVER_ROWS, BY_TIME);
        int most = last ? 1 : 3;
        if (call.or().isEmpty()
                || call.or().size() > most
                || call.over() == null
                || call.over().LIMIT() == null) {
            throw Parsing.refuse(
                    call.getStart(),
                    "Write " + call.function().getText()
                            + "(column) OVER (PARTITION BY key LIMIT DURATION(second, 10))");
        }
        int offset = last ? 0 : 1;
        if (call.or().size() > 1) {
            Object given = StreamLiterals.constant(call.or(1)).orElse(StreamValues.NULL);
            if (!(given instanceof Long count) || count < 1 || count > 1000) {
                throw Parsing.refuse(call.or(1).getStart(), "LAG reaches back by 1 to 1000 rows");
            }
            offset = count.intValue();
        }
        Expression byDefault = call.or().size() > 2 ? rows.value(call.or(2)) : _ -> StreamValues.NULL;
        return add(call, new StreamQuery.Analytic.Kind.Lag(rows.value(call.or(0)), offset, byDefault), limit(call));
    }

    /** Compiles an aggregate over the rows of a duration. @return its place among the computed values of a row */
    int overLimit(CallContext call, String name) {
        return unnested(
                call, () -> add(call, new StreamQuery.Analytic.Kind.Aggregated(aggregate(call, name)), limit(call)));
    }

    private static long limit(CallContext call) {
        StreamQueryParser.OverContext over = call.over();
        int first = over.or().size() - (over.WHEN() == null ? 0 : 1) - 2;
        if (!over.function().getText().equalsIgnoreCase("DURATION")) {
            throw Parsing.refuse(over.function().getStart(), "Write LIMIT DURATION(second, 10)");
        }
        return Groups.bounded(
                over.function().getStart(), "LIMIT DURATION", Groups.ticks(over.or(first), over.or(first + 1)));
    }

    private int add(CallContext call, StreamQuery.Analytic.Kind kind, long limit) {
        StreamQueryParser.@Nullable OverContext over = call.over();
        List<OrContext> keys = over == null || over.PARTITION() == null
                ? List.of()
                : over.or().subList(0, Groups.partitionCount(over));
        List<Expression> partition = keys.stream().map(rows::value).toList();
        analyticPartitions.add(keys.stream().map(rows::canonical).collect(Collectors.toSet()));
        @Nullable
        Expression when = over == null || over.WHEN() == null
                ? null
                : rows.condition(over.or().getLast());
        analytics.add(new StreamQuery.Analytic(kind, partition, limit, when));
        return analytics.size() - 1;
    }
}
