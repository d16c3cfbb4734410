package io.muster.query.stream;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.stream.grammar.StreamQueryLexer;
import io.muster.query.stream.grammar.StreamQueryParser;
import io.muster.query.stream.grammar.StreamQueryParser.OrContext;
import io.muster.query.stream.grammar.StreamQueryParser.SumContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.antlr.v4.runtime.ParserRuleContext;

/** Compiles the joins of one select: by which equalities and within which bounds of time rows meet. */
final class Joins {
    private static final long LONGEST_JOIN = 7 * Ticks.DAY;

    private final StreamScope scope;
    private final StreamExpressions rows;
    private final Set<Set<String>> equalColumns = new HashSet<>();

    Joins(StreamScope scope, StreamExpressions rows) {
        this.scope = scope;
        this.rows = rows;
    }

    /**
     * Bounds a join: by how many boundaries of a unit the joined row's time is later than that of a part before it. Where several conditions say so of one
     * part in one unit, all of them hold together; of different parts or units the first that has both ends bounds the join, and the others are
     * asked of its pairs.
     */
    private record Bound(int anchor, DateTimes.Unit unit, long least, long most) {
        private static final long NONE = Long.MAX_VALUE;

        List<Object> place() {
            return List.of(anchor, unit);
        }

        Bound and(Bound other) {
            return new Bound(anchor, unit, Math.max(least, other.least), Math.min(most, other.most));
        }

        boolean isWhole() {
            return least != -NONE && most != NONE;
        }
    }

    private Optional<Bound> bound(StreamQueryParser.PredicateContext condition) {
        return switch (condition) {
            case StreamQueryParser.BetweenContext between
            when between.NOT() == null ->
                RowDifference.of(between.sum(0), scope)
                        .flatMap(difference -> bound(
                                difference, count(difference, between.sum(1)), count(difference, between.sum(2))));
            case StreamQueryParser.CompareContext compare -> {
                Optional<RowDifference> left = RowDifference.of(compare.sum(0), scope);
                if (left.isEmpty() || StreamLiterals.constant(compare.sum(1)).isEmpty()) {
                    yield Optional.empty();
                }
                long count = count(left.get(), compare.sum(1));
                yield switch (compare.op.getType()) {
                    case StreamQueryLexer.EQ -> bound(left.get(), count, count);
                    case StreamQueryLexer.LT -> bound(left.get(), -Bound.NONE, count - 1);
                    case StreamQueryLexer.LE -> bound(left.get(), -Bound.NONE, count);
                    case StreamQueryLexer.GT -> bound(left.get(), count + 1, Bound.NONE);
                    case StreamQueryLexer.GE -> bound(left.get(), count, Bound.NONE);
                    default -> Optional.empty();
                };
            }
            default -> Optional.empty();
        };
    }

    private Optional<Bound> bound(RowDifference difference, long least, long most) {
        int joined = scope.size() - 1;
        return difference.to() == joined && difference.from() < joined
                ? Optional.of(new Bound(difference.from(), difference.unit(), least, most))
                : difference.from() == joined && difference.to() < joined
                        ? Optional.of(new Bound(difference.to(), difference.unit(), -most, -least))
                        : Optional.empty();
    }

    private static long count(RowDifference difference, SumContext count) {
        long length = difference.unit().windowTicks();
        Object number = StreamLiterals.constant(count)
                .orElseThrow(() -> Parsing.refuse(count.getStart(), "Write a number here: it bounds the join"));
        if (length == 0 || !(number instanceof Long whole)) {
            throw Parsing.refuse(count.getStart(), "A join is bounded by whole days, hours, minutes, seconds, …");
        }
        if (Math.abs(whole) > LONGEST_JOIN / length) {
            throw Parsing.refuse(count.getStart(), "A join reaches over up to 7 days");
        }
        return whole;
    }

    /** Collects the conditions of which each must hold. */
    private static void conjuncts(OrContext condition, List<StreamQueryParser.PredicateContext> found) {
        if (condition.and().size() > 1) {
            return;
        }
        for (StreamQueryParser.NotContext not : condition.and(0).not()) {
            if (not.NOT() != null) {
                continue;
            }
            Optional<OrContext> inner = Syntax.grouped(not.predicate());
            if (inner.isPresent()) {
                conjuncts(inner.get(), found);
            } else {
                found.add(not.predicate());
            }
        }
    }

    /** Compiles the join with the last source of the scope. */
    StreamQuery.Join join(StreamQueryParser.JoinedContext joined, boolean reference) {
        int last = scope.size() - 1;
        Expression on = rows.condition(joined.or());
        List<StreamQueryParser.PredicateContext> conditions = new ArrayList<>();
        conjuncts(joined.or(), conditions);
        List<Expression> leftKeys = new ArrayList<>();
        List<Expression> rightKeys = new ArrayList<>();
        for (StreamQueryParser.PredicateContext condition : conditions) {
            if (condition instanceof StreamQueryParser.CompareContext compare
                    && compare.op.getType() == StreamQueryLexer.EQ) {
                OptionalInt one = part(compare.sum(0));
                OptionalInt other = part(compare.sum(1));
                if (one.isPresent() && other.isPresent() && (one.getAsInt() == last) != (other.getAsInt() == last)) {
                    int left = one.getAsInt() == last ? 1 : 0;
                    equalColumns.add(Set.of(rows.canonical(compare.sum(0)), rows.canonical(compare.sum(1))));
                    leftKeys.add(rows.visit(compare.sum(left)));
                    rightKeys.add(rows.visit(compare.sum(1 - left)));
                }
            }
        }
        boolean outer = joined.LEFT() != null;
        if (reference) {
            if (rightKeys.isEmpty()) {
                throw Parsing.refuse(
                        joined.getStart(), "Reference data are joined by an equality of columns: ON a.x = b.y");
            }
            return new StreamQuery.Join(
                    StreamQuery.Join.Kind.REFERENCE, outer, 0, StreamQuery.Within.NONE, leftKeys, rightKeys, on);
        }
        Map<List<Object>, Bound> bounds = new LinkedHashMap<>();
        conditions.stream()
                .flatMap(one -> bound(one).stream())
                .forEach(bound -> bounds.merge(bound.place(), bound, Bound::and));
        Bound within = bounds.values().stream()
                .filter(Bound::isWhole)
                .findFirst()
                .orElseThrow(
                        () -> Parsing.refuse(
                                joined.or().getStart(),
                                "A join of streams is bounded in time: add AND DATEDIFF(second, a, b) BETWEEN 0 AND 10, with the aliases of the two"));
        return new StreamQuery.Join(
                StreamQuery.Join.Kind.STREAM,
                outer,
                within.anchor(),
                new StreamQuery.Within(within.unit().windowTicks(), within.least(), within.most()),
                leftKeys,
                rightKeys,
                on);
    }

    /** Returns whether a join demands that the column equals one of another source. */
    boolean isEqual(StreamScope.Column column) {
        return equalColumns.stream().anyMatch(pair -> pair.contains(column.key()));
    }

    /** Returns the columns of different sources that joins demand to be equal, by their keys. */
    Set<Set<String>> equalColumns() {
        return equalColumns;
    }

    /** Returns of which part the column is that an expression is; empty where it is none. */
    private OptionalInt part(ParserRuleContext expression) {
        Optional<StreamQueryParser.PathContext> path = Syntax.path(expression);
        return path.isEmpty()
                ? OptionalInt.empty()
                : OptionalInt.of(scope.column(path.get()).part());
    }
}
