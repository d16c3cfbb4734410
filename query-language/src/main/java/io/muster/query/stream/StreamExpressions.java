package io.muster.query.stream;

import io.muster.query.Expression;
import io.muster.query.Operators;
import io.muster.query.Parsing;
import io.muster.query.ScalarFunction;
import io.muster.query.grammar.StreamQueryBaseVisitor;
import io.muster.query.grammar.StreamQueryLexer;
import io.muster.query.grammar.StreamQueryParser;
import io.muster.query.grammar.StreamQueryParser.CallContext;
import io.muster.query.grammar.StreamQueryParser.OrContext;
import io.muster.query.grammar.StreamQueryParser.SumContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.tree.ParseTree;
import org.antlr.v4.runtime.tree.TerminalNode;
import org.jspecify.annotations.Nullable;

/** Makes evaluators over the rows of one select; collects its aggregates and analytic functions on the way. */
final class StreamExpressions extends StreamQueryBaseVisitor<Expression> {
    private static final Object NULL = StreamValues.NULL;
    private static final String OF_USERS = "UDF.";
    private static final long LONGEST_JOIN = 7 * Ticks.DAY;
    private static final int MOST_TERMS = 1000;
    private static final Expression TIME = row -> Ticks.instant(((StreamRow) row).time());
    private static final Set<String> AGGREGATES = Set.of(
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
    private static final Set<String> DATED = Set.of("DATEADD", "DATEDIFF", "DATEPART", "DATENAME");
    private static final String BY_TIME = "rows come by their time";

    private final StreamScope scope;
    /** Of users, by their names in lower case. */
    private final Map<String, ScalarFunction> functions;

    private final List<StreamQuery.Analytic> analytics = new ArrayList<>();
    private final List<Aggregate> aggregates = new ArrayList<>();
    /** The expressions over the rows that are grouped; null where this is over rows themselves. */
    private final @Nullable StreamExpressions ungrouped;

    private final Map<String, Integer> keys;
    private final Map<String, Integer> known = new HashMap<>();
    private final List<Set<String>> analyticPartitions = new ArrayList<>();
    private final Set<Set<String>> joinedColumns = new HashSet<>();
    /** The columns of the select that HAVING may name, by their names in lower case. */
    private final Map<String, OrContext> aliases = new HashMap<>();

    /** Columns that the select computes, by their names in lower case: WHERE and GROUP BY, which are compiled meanwhile, may not name them. */
    private Map<String, OrContext> rejected = Map.of();

    /** Whether what is compiled stands inside of an analytic function. */
    private boolean inAnalytic;

    /** Makes expressions over rows. */
    StreamExpressions(StreamScope scope, Map<String, ScalarFunction> functions) {
        this.scope = scope;
        this.functions = functions;
        this.ungrouped = null;
        this.keys = Map.of();
    }

    private StreamExpressions(StreamExpressions ungrouped, Map<String, Integer> keys) {
        this.scope = ungrouped.scope;
        this.functions = ungrouped.functions;
        this.ungrouped = ungrouped;
        this.keys = keys;
    }

    /** Makes expressions over groups of these rows. @param keys places of the group keys, by their {@link #canonical} texts */
    StreamExpressions grouped(Map<String, Integer> keys) {
        return new StreamExpressions(this, keys);
    }

    /** Allows a column of the select to be named from now on. */
    void name(String alias, OrContext column) {
        aliases.putIfAbsent(StreamCompiler.lower(alias), column);
    }

    /** Rejects these names, in lower case, from now on where they stand alone. */
    void reject(Map<String, OrContext> aliases) {
        rejected = aliases;
    }

    List<StreamQuery.Analytic> analytics() {
        return List.copyOf(analytics);
    }

    List<Aggregate> aggregates() {
        return List.copyOf(aggregates);
    }

    /** Returns the same text for expressions that are the same. */
    String canonical(ParserRuleContext expression) {
        return Sole.path(expression).map(path -> scope.column(path).key()).orElseGet(() -> Sole.canonical(expression));
    }

    /** Returns the names of columns and members as they are spelled: of expressions that are {@link #canonical the same}, those in which they differ. */
    List<String> spelling(ParserRuleContext expression) {
        List<String> names = new ArrayList<>();
        addNames(expression, names);
        return names;
    }

    private void addNames(ParseTree tree, List<String> names) {
        switch (tree) {
            case StreamQueryParser.PrimaryContext primary when Sole.isTimestamp(primary) -> {
                // A name of the dialect.
            }
            case StreamQueryParser.FunctionContext _ -> {
                // Likewise.
            }
            case StreamQueryParser.CastContext cast -> addNames(cast.or(), names);
            case StreamQueryParser.PathContext path ->
                names.addAll(scope.column(path).names());
            case StreamQueryParser.NameContext member -> names.add(StreamScope.name(member));
            default -> {
                boolean dated = tree instanceof CallContext call && isDated(call);
                for (int i = 0; i < tree.getChildCount(); i++) {
                    if (!dated || tree.getChild(i) != ((CallContext) tree).or(0)) { // A unit of time.
                        addNames(tree.getChild(i), names);
                    }
                }
            }
        }
    }

    /** Compiles a value; rejects a condition, which is none. */
    Expression value(ParserRuleContext expression) {
        if (Sole.isCondition(expression)) {
            throw Parsing.refuse(expression.getStart(), "A condition is no value: write CASE WHEN … THEN 1 ELSE 0 END");
        }
        return visit(expression);
    }

    /** Compiles a condition; rejects a value, which keeps no row: only TRUE does. */
    Expression condition(ParserRuleContext expression) {
        if (!Sole.isCondition(expression)) {
            throw Parsing.refuse(
                    expression.getStart(),
                    "A value is no condition: compare it, as in flag = 1 or ISFIRST(second, 10) = 1");
        }
        return visit(expression);
    }

    /** Compiles a function that makes rows of a value. */
    Expression listOf(StreamQueryParser.AppliedContext applied, ScalarFunction function) {
        return placed(applied, function.on(value(applied.or())));
    }

    /** Adds to a failure in which expression it is. */
    private static Expression placed(ParserRuleContext at, Expression expression) {
        String text = Sole.text(at);
        return row -> {
            try {
                return expression.evaluate(row);
            } catch (EvaluationException e) {
                throw e.in(text);
            }
        };
    }

    @Override
    public Expression visit(ParseTree tree) {
        if (ungrouped != null
                && tree instanceof ParserRuleContext expression
                && !Sole.isPassed(expression)
                && !isAliasOnly(expression)) {
            @Nullable Integer place = keys.get(canonical(expression));
            if (place != null) {
                return computed(place);
            }
        }
        return super.visit(tree);
    }

    /** Returns whether it is the name of a column of the select that can be no key: {@link #canonical} would ask of which source it is. */
    private boolean isAliasOnly(ParserRuleContext expression) {
        return Sole.path(expression)
                .filter(path -> named(path) != null && !scope.has(StreamScope.name(path.name(0))))
                .isPresent();
    }

    /** Returns the column of the select of that name; null where there is none, and outside of HAVING. */
    private @Nullable OrContext named(StreamQueryParser.PathContext path) {
        return path.name().size() == 1 ? aliases.get(StreamCompiler.lower(StreamScope.name(path.name(0)))) : null;
    }

    private static Expression computed(int place) {
        return row -> ((StreamRow) row).computed(place);
    }

    @Override
    public Expression visitOr(OrContext or) {
        return or.and().size() == 1 ? visit(or.and(0)) : Operators.or(each(or.and(), this::condition));
    }

    @Override
    public Expression visitAnd(StreamQueryParser.AndContext and) {
        return and.not().size() == 1 ? visit(and.not(0)) : Operators.and(each(and.not(), this::condition));
    }

    @Override
    public Expression visitNot(StreamQueryParser.NotContext not) {
        return not.NOT() == null ? visit(not.predicate()) : Operators.not(condition(not.not()));
    }

    @Override
    public Expression visitPlain(StreamQueryParser.PlainContext plain) {
        return visit(plain.sum());
    }

    @Override
    public Expression visitCompare(StreamQueryParser.CompareContext compare) {
        Expression left = value(compare.sum(0));
        Expression right = value(compare.sum(1));
        return placed(
                compare,
                switch (compare.op.getType()) {
                    case StreamQueryLexer.EQ -> equal(left, right);
                    case StreamQueryLexer.NE -> Operators.not(equal(left, right));
                    case StreamQueryLexer.LT -> ordered(left, right, sign -> sign < 0);
                    case StreamQueryLexer.LE -> ordered(left, right, sign -> sign <= 0);
                    case StreamQueryLexer.GT -> ordered(left, right, sign -> sign > 0);
                    default -> ordered(left, right, sign -> sign >= 0);
                });
    }

    private static Expression equal(Expression left, Expression right) {
        return row -> StreamValues.equal(left.evaluate(row), right.evaluate(row));
    }

    private static Expression ordered(Expression left, Expression right, IntPredicate wanted) {
        return row -> {
            Object one = left.evaluate(row);
            Object other = right.evaluate(row);
            if (one instanceof Double a && other instanceof Double b) {
                return wanted.test(Double.compare(a + 0.0, b + 0.0)); // As telemetry mostly is.
            }
            return StreamValues.ordered(one, other, wanted);
        };
    }

    @Override
    public Expression visitNullness(StreamQueryParser.NullnessContext nullness) {
        Expression value = value(nullness.sum());
        boolean wanted = nullness.NOT() == null;
        return row -> (value.evaluate(row) == NULL) == wanted;
    }

    @Override
    public Expression visitAmong(StreamQueryParser.AmongContext among) {
        Expression value = value(among.sum());
        Expression[] equals = Arrays.stream(all(among.or()))
                .map(element -> equal(value, element))
                .toArray(Expression[]::new);
        Expression in = placed(among, Operators.or(equals));
        return among.NOT() == null ? in : Operators.not(in);
    }

    @Override
    public Expression visitBetween(StreamQueryParser.BetweenContext between) {
        Expression value = value(between.sum(0));
        Expression least = value(between.sum(1));
        Expression most = value(between.sum(2));
        Expression within = placed(
                between,
                Operators.and(ordered(value, least, sign -> sign >= 0), ordered(value, most, sign -> sign <= 0)));
        return between.NOT() == null ? within : Operators.not(within);
    }

    /** A DATEDIFF of two rows that are named by their aliases. */
    private record RowDifference(DateTimes.Unit unit, int from, int to) {}

    private Optional<RowDifference> rowDifference(ParserRuleContext expression) {
        Optional<CallContext> call = Sole.call(expression)
                .filter(found -> found.function().getText().equalsIgnoreCase("DATEDIFF")
                        && found.or().size() == 3);
        if (call.isEmpty()) {
            return Optional.empty();
        }
        OptionalInt from = alias(call.get().or(1));
        OptionalInt to = alias(call.get().or(2));
        return from.isPresent() && to.isPresent()
                ? Optional.of(new RowDifference(Groups.unit(call.get().or(0)), from.getAsInt(), to.getAsInt()))
                : Optional.empty();
    }

    private OptionalInt alias(OrContext expression) {
        return Sole.path(expression)
                .filter(path -> path.name().size() == 1)
                .map(path -> scope.part(StreamScope.name(path.name(0))))
                .orElse(OptionalInt.empty());
    }

    /**
     * Bounds of a join: by how many boundaries of a unit the joined row's time is later than that of a part before it. Where several conditions say so of one
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
                rowDifference(between.sum(0))
                        .flatMap(difference -> bound(
                                difference, count(difference, between.sum(1)), count(difference, between.sum(2))));
            case StreamQueryParser.CompareContext compare -> {
                Optional<RowDifference> left = rowDifference(compare.sum(0));
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
            Optional<OrContext> inner = Sole.grouped(not.predicate());
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
        Expression on = condition(joined.or());
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
                    joinedColumns.add(Set.of(canonical(compare.sum(0)), canonical(compare.sum(1))));
                    leftKeys.add(visit(compare.sum(left)));
                    rightKeys.add(visit(compare.sum(1 - left)));
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
    boolean isJoined(StreamScope.Column column) {
        return joinedColumns.stream().anyMatch(pair -> pair.contains(column.key()));
    }

    /** Returns the columns of different sources that joins demand to be equal, by their keys. */
    Set<Set<String>> joinedColumns() {
        return joinedColumns;
    }

    /** Returns by which keys the rows of each analytic function are partitioned. */
    List<Set<String>> analyticPartitions() {
        return analyticPartitions;
    }

    /** Returns of which part the column is that an expression is; empty where it is none. */
    private OptionalInt part(ParserRuleContext expression) {
        Optional<StreamQueryParser.PathContext> path = Sole.path(expression);
        return path.isEmpty()
                ? OptionalInt.empty()
                : OptionalInt.of(scope.column(path.get()).part());
    }

    @Override
    public Expression visitLike(StreamQueryParser.LikeContext like) {
        Expression value = value(like.sum(0));
        Expression matches;
        if (StreamLiterals.constant(like.sum(1)).orElse(NULL) instanceof String text) {
            Like pattern = Like.of(text)
                    .orElseThrow(() -> Parsing.refuse(
                            like.sum(1).getStart(),
                            "The pattern of LIKE is wrong: a set is written [a-f], and a pattern has up to "
                                    + Like.LONGEST + " characters"));
            matches = row ->
                    StreamValues.text(value.evaluate(row)) instanceof String of ? (Object) pattern.matches(of) : NULL;
        } else {
            Expression pattern = value(like.sum(1));
            matches = row -> matches(value.evaluate(row), pattern.evaluate(row));
        }
        Expression placed = placed(like, matches);
        return like.NOT() == null ? placed : Operators.not(placed);
    }

    private static Object matches(Object value, Object pattern) {
        return StreamValues.text(value) instanceof String text && StreamValues.text(pattern) instanceof String like
                ? Like.of(like).map(of -> (Object) of.matches(text)).orElse(NULL)
                : NULL;
    }

    @Override
    public Expression visitSum(SumContext sum) {
        return chain(sum);
    }

    @Override
    public Expression visitProduct(StreamQueryParser.ProductContext product) {
        return chain(product);
    }

    /** Compiles operands and operators in turn, applied from the left in a loop, so that a long chain needs no deep stack. */
    private Expression chain(ParserRuleContext chain) {
        int count = chain.getChildCount() / 2;
        if (count == 0) {
            return visit(chain.getChild(0));
        }
        rejectLong(count, chain);
        Expression first = value((ParserRuleContext) chain.getChild(0));
        Expression[] operands = new Expression[count];
        char[] operators = new char[count];
        for (int i = 0; i < count; i++) {
            operators[i] = chain.getChild(2 * i + 1).getText().charAt(0);
            operands[i] = value((ParserRuleContext) chain.getChild(2 * i + 2));
        }
        return placed(chain, row -> {
            Object result = first.evaluate(row);
            for (int i = 0; i < count; i++) {
                result = StreamValues.arithmetic(operators[i], result, operands[i].evaluate(row));
            }
            return result;
        });
    }

    private static void rejectLong(int terms, ParserRuleContext chain) {
        if (terms > MOST_TERMS) {
            throw Parsing.refuse(
                    chain.getStart(), "More than " + MOST_TERMS + " terms in a row: take some of them into a step");
        }
    }

    @Override
    public Expression visitUnary(StreamQueryParser.UnaryContext unary) {
        if (unary.primary() != null) {
            return visit(unary.primary());
        }
        Expression operand = value(unary.unary());
        return unary.MINUS() == null
                ? operand
                : placed(unary, row -> StreamValues.arithmetic('-', 0L, operand.evaluate(row)));
    }

    @Override
    public Expression visitConstant(StreamQueryParser.ConstantContext constant) {
        Object value = StreamLiterals.value(constant.literal());
        return _ -> value;
    }

    @Override
    public Expression visitChoice(StreamQueryParser.ChoiceContext choice) {
        List<OrContext> parts = choice.or();
        boolean simple = !(choice.getChild(1) instanceof TerminalNode); // WHEN does not follow CASE at once.
        int at = simple ? 1 : 0;
        @Nullable Expression subject = simple ? value(parts.get(0)) : null;
        int count = choice.WHEN().size();
        rejectLong(count, choice);
        if (choice.ELSE() == null) {
            throw Parsing.refuse(
                    choice.getStart(), "CASE has an ELSE: write ELSE NULL END where nothing else is meant");
        }
        Expression[] conditions = new Expression[count];
        Expression[] results = new Expression[count];
        for (int i = 0; i < count; i++) {
            conditions[i] = subject == null
                    ? condition(parts.get(at + 2 * i))
                    : placed(choice, equal(subject, value(parts.get(at + 2 * i))));
            results[i] = value(parts.get(at + 2 * i + 1));
        }
        Expression otherwise = value(parts.getLast());
        return row -> {
            for (int i = 0; i < count; i++) {
                if (conditions[i].evaluate(row) == Boolean.TRUE) {
                    return results[i].evaluate(row);
                }
            }
            return otherwise.evaluate(row);
        };
    }

    @Override
    public Expression visitCast(StreamQueryParser.CastContext cast) {
        Expression value = value(cast.or());
        String name = StreamScope.name(cast.name(0));
        StreamValues.Type type = StreamValues.Type.named(name.toUpperCase(Locale.ROOT))
                .orElseThrow(() -> Parsing.refuse(
                        cast.name(0).getStart(),
                        "'" + name + "' is no type: use bigint, float, nvarchar, datetime, bit, record or array"));
        rejectLength(cast, name, type);
        boolean fails = cast.CAST() != null;
        String text = Sole.text(cast);
        return row -> {
            Object given = value.evaluate(row);
            Optional<Object> result = StreamValues.cast(given, type);
            if (result.isEmpty() && fails) {
                throw EvaluationException.ofCast(given, type, text);
            }
            return result.orElse(NULL);
        };
    }

    private static void rejectLength(StreamQueryParser.CastContext cast, String name, StreamValues.Type type) {
        @Nullable
        ParseTree length = cast.INTEGER() != null ? cast.INTEGER() : cast.name().size() > 1 ? cast.name(1) : null;
        if (length == null
                || type == StreamValues.Type.NVARCHAR && length.getText().equalsIgnoreCase("max")) {
            return;
        }
        throw Parsing.refuse(
                cast.name(0).getStart(),
                type == StreamValues.Type.NVARCHAR
                        ? "A text has any length: write nvarchar(max), and LEFT(x, 3) for a part of a text"
                        : "'" + name + "' has no length: leave (" + length.getText() + ") out");
    }

    @Override
    public Expression visitColumn(StreamQueryParser.ColumnContext column) {
        if (Sole.isTimestamp(column.path())) {
            return TIME;
        }
        if (ungrouped != null) {
            @Nullable OrContext named = named(column.path());
            if (named != null) {
                return visit(named);
            }
            throw Parsing.refuse(
                    column.getStart(),
                    "'" + column.getText()
                            + "' is neither in GROUP BY nor in an aggregate: add it to GROUP BY, or write MAX("
                            + column.getText() + ")");
        }
        rejectAlias(column.path());
        return scope.column(column.path()).expression();
    }

    /** Rejects, in WHERE and GROUP BY, a name that the select gives to a column: there it would be a column of the sources, which is NULL. */
    private void rejectAlias(StreamQueryParser.PathContext path) {
        String name = StreamScope.name(path.name(0));
        @Nullable OrContext column = path.name().size() == 1 ? rejected.get(StreamCompiler.lower(name)) : null;
        if (column != null && scope.part(name).isEmpty()) {
            throw Parsing.refuse(
                    path.getStart(),
                    "'" + name + "' is what the select calls " + Sole.text(column)
                            + ", which WHERE and GROUP BY don't know: write HAVING, a step of WITH, or "
                            + scope.first() + "." + name + " for a column of the input");
        }
    }

    @Override
    public Expression visitGrouped(StreamQueryParser.GroupedContext grouped) {
        return visit(grouped.or());
    }

    @Override
    public Expression visitCall(CallContext call) {
        Expression result = called(call);
        if (call.name().isEmpty()) {
            return result;
        }
        List<String> names = call.name().stream().map(StreamScope::name).toList();
        return row -> StreamScope.Column.inside(result.evaluate(row), names);
    }

    private Expression called(CallContext call) {
        String name = call.function().getText().toUpperCase(Locale.ROOT);
        if (call.DISTINCT() != null && !name.equals("COUNT")) {
            throw Parsing.refuse(call.DISTINCT().getSymbol(), "DISTINCT is allowed in COUNT only");
        }
        switch (name) {
            case "SYSTEM.TIMESTAMP" -> {
                Groups.rejectMore(call);
                Groups.rejectArguments(call);
                return TIME;
            }
            case "SYSTEM.WINDOW" -> {
                Groups.rejectArguments(call);
                if (ungrouped == null) {
                    throw Parsing.refuse(
                            call.getStart(), "System.Window() is allowed in the columns of a select with GROUP BY");
                }
                return computed(StreamQuery.WINDOW);
            }
            case "LAG", "LAST", "ISFIRST" -> {
                return apart(call, () -> analytic(call, name));
            }
            default -> {
                // Further below.
            }
        }
        if (AGGREGATES.contains(name)) {
            return call.over() != null && call.over().LIMIT() != null
                    ? apart(call, () -> overLimit(call, name))
                    : aggregate(call, name);
        }
        if (name.startsWith("UDA.")) {
            throw Parsing.refuse(
                    call.getStart(), "There are no aggregates of users: give a function (UDF) what Collect() collects");
        }
        return scalar(call, name);
    }

    /** Returns whether its first argument is a unit of time. */
    private static boolean isDated(CallContext call) {
        return DATED.contains(call.function().getText().toUpperCase(Locale.ROOT));
    }

    private Expression scalar(CallContext call, String name) {
        boolean dated = isDated(call);
        if (dated && call.or().isEmpty()) {
            throw Parsing.refuse(call.getStart(), "'" + call.function().getText() + "' takes a unit of time first");
        }
        Optional<ScalarFunction> function = dated
                ? StreamFunctions.dated(name, Groups.unit(call.or(0)))
                : name.startsWith(OF_USERS)
                        ? Optional.ofNullable(functions.get(StreamCompiler.lower(name.substring(OF_USERS.length()))))
                        : StreamFunctions.named(name);
        if (function.isEmpty()) {
            throw Parsing.refuse(
                    call.getStart(),
                    Unexpected.function(call.function().getText())
                            .orElseGet(() -> "There is no function '"
                                    + call.function().getText() + "'"
                                    + (name.startsWith(OF_USERS) ? ": add it to the functions of the job" : "")));
        }
        if (call.over() != null || call.STAR() != null) {
            throw Parsing.refuse(call.getStart(), "'" + call.function().getText() + "' takes plain arguments");
        }
        Optional<RowDifference> difference = ungrouped == null ? rowDifference(call) : Optional.empty();
        if (difference.isPresent()) {
            int from = difference.get().from();
            int to = difference.get().to();
            if (scope.isReference(from) || scope.isReference(to)) {
                throw Parsing.refuse(
                        call.getStart(),
                        "Reference data have no time: an event meets those that are valid then; leave DATEDIFF out,"
                                + " or give it a column of them");
            }
            return function.get().on(timeOf(from), timeOf(to));
        }
        Expression[] arguments = all(call.or().subList(dated ? 1 : 0, call.or().size()));
        if (!function.get().takes(arguments.length)) {
            throw Parsing.refuse(
                    call.getStart(),
                    "The function '" + call.function().getText() + "' takes "
                            + function.get().arity() + (dated ? " behind the unit" : "") + ", not "
                            + arguments.length);
        }
        return placed(call, function.get().on(arguments));
    }

    private static Expression timeOf(int part) {
        return row -> {
            StreamRow of = ((StreamRow) row).part(part);
            return of.isAbsent() ? NULL : Ticks.instant(of.time());
        };
    }

    private Expression aggregate(CallContext call, String name) {
        if (ungrouped == null) {
            throw Parsing.refuse(
                    call.getStart(),
                    "'" + call.function().getText()
                            + "' is allowed in the columns or HAVING of a select with GROUP BY, or with OVER (LIMIT DURATION(second, 10))");
        }
        String text = Sole.text(call); // With its blanks: DISTINCT x is not DISTINCTx.
        @Nullable Integer same = known.get(text);
        if (same == null) {
            same = aggregates.size();
            aggregates.add(ungrouped.aggregateOf(call, name));
            known.put(text, same);
        }
        return computed(keys.size() + same);
    }

    private Aggregate aggregateOf(CallContext call, String name) {
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
            argument = value(call.or(0));
        } else {
            throw Parsing.refuse(call.getStart(), "'" + call.function().getText() + "' takes one argument");
        }
        if (call.DISTINCT() != null) {
            if (call.over() != null) {
                throw Parsing.refuse(call.getStart(), "COUNT(DISTINCT …) has no OVER: write it with GROUP BY a window");
            }
            return Aggregates.distinct(argument);
        }
        return Aggregates.named(name, placed(call, converted(call, name, argument)))
                .orElseThrow();
    }

    /** Converts the argument of an aggregate to a number, or to a value with an order: a text has its own only where somebody cast it to one. */
    private static Expression converted(CallContext call, String name, Expression argument) {
        return switch (name) {
            case "SUM", "AVG", "STDEV", "STDEVP", "VAR", "VARP", "PERCENTILE_CONT", "PERCENTILE_DISC" ->
                row -> StreamValues.number(argument.evaluate(row));
            case "MIN", "MAX" -> Sole.isCastToText(call.or(0)) ? argument : row -> measure(argument.evaluate(row));
            default -> argument;
        };
    }

    private static Object measure(Object value) {
        Object measure = StreamValues.measure(value);
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
            limit = StreamLiterals.constant(call.or(0)).orElse(NULL) instanceof Long count && count > 0 && count <= 1000
                    ? count.intValue()
                    : 0;
            if (limit == 0) {
                throw Parsing.refuse(call.getStart(), "CollectTop takes a number from 1 to 1000");
            }
        }
        List<Aggregates.Order> order = call.over().order().stream()
                .map(by -> new Aggregates.Order(value(by.or()), by.DESC() != null))
                .toList();
        return Aggregates.top(
                limit, one, given == 0 ? scope.whole(0) : value(call.or().getLast()), order);
    }

    private Aggregate percentile(CallContext call, boolean interpolated) {
        Object share =
                call.or().size() == 1 ? StreamLiterals.constant(call.or(0)).orElse(NULL) : NULL;
        if (!(share instanceof Number number)
                || number.doubleValue() < 0
                || number.doubleValue() > 1
                || call.over() == null
                || call.over().order().size() != 1) {
            throw Parsing.refuse(
                    call.getStart(), "Write " + call.function().getText() + "(0.5) OVER (ORDER BY column)");
        }
        StreamQueryParser.OrderContext order = call.over().order(0);
        Expression argument = value(order.or());
        Expression by = placed(call, row -> StreamValues.number(argument.evaluate(row)));
        return Aggregates.percentile(
                number.doubleValue(), interpolated, new Aggregates.Order(by, order.DESC() != null));
    }

    /** Compiles an analytic function; rejects one inside of another. */
    private Expression apart(CallContext call, Supplier<Expression> analytic) {
        if (inAnalytic) {
            throw Parsing.refuse(
                    call.getStart(),
                    "'" + call.function().getText()
                            + "' has no place inside of another analytic function: take it into a step of WITH");
        }
        inAnalytic = true;
        Expression made = analytic.get();
        inAnalytic = false;
        return made;
    }

    private Expression analytic(CallContext call, String name) {
        if (ungrouped != null) {
            throw Parsing.refuse(
                    call.getStart(),
                    "'" + call.function().getText()
                            + "' of a grouped select is allowed in an aggregate, or in a step of WITH");
        }
        if (name.equals("ISFIRST")) {
            Groups.rejectOver(
                    call,
                    Set.of(StreamQueryLexer.PARTITION, StreamQueryLexer.WHEN),
                    "its interval is what stands in front, as in ISFIRST(second, 10)");
            if (call.or().size() != 2) {
                throw Parsing.refuse(call.getStart(), "Write ISFIRST(second, 10)");
            }
            long interval =
                    Groups.bounded(call.getStart(), "The interval of ISFIRST", Groups.ticks(call.or(0), call.or(1)));
            return add(call, new StreamQuery.Analytic.Kind.IsFirst(interval), interval);
        }
        Groups.rejectOver(call, OVER_ROWS, BY_TIME);
        boolean last = name.equals("LAST");
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
            Object given = StreamLiterals.constant(call.or(1)).orElse(NULL);
            if (!(given instanceof Long count) || count < 1 || count > 1000) {
                throw Parsing.refuse(call.or(1).getStart(), "LAG looks back by 1 to 1000 rows");
            }
            offset = count.intValue();
        }
        Expression byDefault = call.or().size() > 2 ? value(call.or(2)) : _ -> NULL;
        return add(call, new StreamQuery.Analytic.Kind.Lag(value(call.or(0)), offset, byDefault), limit(call));
    }

    private Expression overLimit(CallContext call, String name) {
        if (ungrouped != null) {
            throw Parsing.refuse(
                    call.getStart(), "An aggregate OVER a duration is allowed in a select without GROUP BY");
        }
        return add(call, new StreamQuery.Analytic.Kind.Aggregated(aggregateOf(call, name)), limit(call));
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

    private Expression add(CallContext call, StreamQuery.Analytic.Kind kind, long limit) {
        StreamQueryParser.@Nullable OverContext over = call.over();
        List<OrContext> keys = over == null || over.PARTITION() == null
                ? List.of()
                : over.or().subList(0, Groups.partitionCount(over));
        List<Expression> partition = keys.stream().map(this::value).toList();
        analyticPartitions.add(keys.stream().map(this::canonical).collect(Collectors.toSet()));
        @Nullable
        Expression when =
                over == null || over.WHEN() == null ? null : condition(over.or().getLast());
        analytics.add(new StreamQuery.Analytic(kind, partition, limit, when));
        return computed(analytics.size() - 1);
    }

    private Expression[] all(List<? extends ParserRuleContext> parts) {
        return each(parts, this::value);
    }

    private static Expression[] each(
            List<? extends ParserRuleContext> parts, Function<ParserRuleContext, Expression> made) {
        if (!parts.isEmpty()) {
            rejectLong(parts.size(), parts.getFirst());
        }
        return parts.stream().map(made).toArray(Expression[]::new);
    }
}
