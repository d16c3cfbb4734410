package io.muster.query.stream;

import io.muster.query.kernel.Comparison;
import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Operators;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.ScalarFunction;
import io.muster.query.kernel.Trees;
import io.muster.query.stream.grammar.StreamQueryBaseVisitor;
import io.muster.query.stream.grammar.StreamQueryParser;
import io.muster.query.stream.grammar.StreamQueryParser.CallContext;
import io.muster.query.stream.grammar.StreamQueryParser.OrContext;
import io.muster.query.stream.grammar.StreamQueryParser.SumContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.tree.ParseTree;
import org.antlr.v4.runtime.tree.TerminalNode;
import org.jspecify.annotations.Nullable;

/** Compiles expressions over the rows of one select, or over its groups, whose aggregates it collects meanwhile. */
final class StreamExpressions extends StreamQueryBaseVisitor<Expression> {
    private static final Object NULL = StreamValues.NULL;
    private static final String OF_USERS = "UDF.";
    private static final int MOST_TERMS = 1000;
    private static final Expression TIME = row -> Ticks.instant(((StreamRow) row).time());
    private static final Set<String> DATED = Set.of("DATEADD", "DATEDIFF", "DATEPART", "DATENAME");

    private final StreamScope scope;
    private final Joins joins;
    private final RowFunctions ofRows;
    /** Holds functions of users by their names in lower case. */
    private final Map<String, ScalarFunction> functions;

    private final List<Aggregate> aggregates = new ArrayList<>();
    /** Compiles over the rows that are grouped; null where this is over rows itself. */
    private final @Nullable StreamExpressions ungrouped;

    private final Map<String, Integer> keys;
    private final Map<String, Integer> known = new HashMap<>();
    /** Holds the columns of the select that HAVING may name, by their names in lower case. */
    private final Map<String, OrContext> aliases = new HashMap<>();

    /** Keeps the columns that the select makes, by their names in lower case: WHERE and GROUP BY, which are compiled meanwhile, may not name them. */
    private Map<String, OrContext> rejected = Map.of();

    /** Makes expressions over rows. */
    StreamExpressions(StreamScope scope, Map<String, ScalarFunction> functions) {
        this.scope = scope;
        this.joins = new Joins(scope, this);
        this.ofRows = new RowFunctions(scope, this);
        this.functions = functions;
        this.ungrouped = null;
        this.keys = Map.of();
    }

    private StreamExpressions(StreamExpressions ungrouped, Map<String, Integer> keys) {
        this.scope = ungrouped.scope;
        this.joins = ungrouped.joins;
        this.ofRows = ungrouped.ofRows;
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

    Joins joins() {
        return joins;
    }

    RowFunctions ofRows() {
        return ofRows;
    }

    List<Aggregate> aggregates() {
        return List.copyOf(aggregates);
    }

    /** Returns the same text for expressions that are the same. */
    String canonical(ParserRuleContext expression) {
        return Syntax.path(expression)
                .map(path -> scope.column(path).key())
                .orElseGet(() -> Syntax.canonical(expression));
    }

    /** Returns the names of columns and members as they are spelled: of expressions that are {@link #canonical the same}, those in which they differ. */
    List<String> spelling(ParserRuleContext expression) {
        List<String> names = new ArrayList<>();
        addNames(expression, names);
        return names;
    }

    private void addNames(ParseTree tree, List<String> names) {
        switch (tree) {
            case StreamQueryParser.PrimaryContext primary when Syntax.isTimestamp(primary) -> {
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
        if (Syntax.isCondition(expression)) {
            throw Parsing.refuse(expression.getStart(), "A condition is no value: write CASE WHEN … THEN 1 ELSE 0 END");
        }
        return visit(expression);
    }

    /** Compiles a condition; rejects a value, which keeps no row: only TRUE does. */
    Expression condition(ParserRuleContext expression) {
        if (!Syntax.isCondition(expression)) {
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
    static Expression placed(ParserRuleContext at, Expression expression) {
        String text = Trees.text(at);
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
                && !Syntax.isPassed(expression)
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
        return Syntax.path(expression)
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
        Comparison comparison = Comparison.ofSymbol(compare.op.getText());
        return placed(compare, compared(comparison, value(compare.sum(0)), value(compare.sum(1))));
    }

    private static Expression compared(Comparison comparison, Expression left, Expression right) {
        return Operators.compared(comparison, left, right, StreamValues.RULES);
    }

    private static Expression equal(Expression left, Expression right) {
        return compared(Comparison.EQUAL, left, right);
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
                Operators.and(compared(Comparison.AT_LEAST, value, least), compared(Comparison.AT_MOST, value, most)));
        return between.NOT() == null ? within : Operators.not(within);
    }

    @Override
    public Expression visitLike(StreamQueryParser.LikeContext like) {
        Expression value = value(like.sum(0));
        Expression matches;
        if (StreamLiterals.constant(like.sum(1)).orElse(NULL) instanceof String text) {
            Like pattern =
                    Like.of(text).orElseThrow(() -> Parsing.refuse(like.sum(1).getStart(), Like.wrong("LIKE")));
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
                ? Like.of(like)
                        .orElseThrow(() -> new EvaluationException(Like.wrong("LIKE")))
                        .matches(text)
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

    private Expression chain(ParserRuleContext chain) {
        int count = chain.getChildCount() / 2;
        if (count == 0) {
            return visit(chain.getChild(0));
        }
        rejectLong(count, chain);
        return placed(chain, Operators.chain(chain, this::value, StreamValues.RULES));
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
        String text = Trees.text(cast);
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
        if (Syntax.isTimestamp(column.path())) {
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
        return scope.value(column.path());
    }

    /** Rejects, in WHERE and GROUP BY, a name that the select gives to a column: there it would be a column of the sources, which is NULL. */
    private void rejectAlias(StreamQueryParser.PathContext path) {
        String name = StreamScope.name(path.name(0));
        @Nullable OrContext column = path.name().size() == 1 ? rejected.get(StreamCompiler.lower(name)) : null;
        if (column != null && scope.part(name).isEmpty()) {
            throw Parsing.refuse(
                    path.getStart(),
                    "'" + name + "' is what the select calls " + Trees.text(column)
                            + ", which WHERE and GROUP BY don't know: write "
                            + (Syntax.path(column).isPresent() ? Trees.text(column) : "HAVING, a step of WITH")
                            + ", or " + scope.first() + "." + name + " for a column of the input");
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
        if (Syntax.isTimestamp(call)) {
            Groups.rejectMore(call);
            Groups.rejectArguments(call);
            return TIME;
        }
        switch (name) {
            case "SYSTEM.WINDOW" -> {
                Groups.rejectArguments(call);
                if (ungrouped == null) {
                    throw Parsing.refuse(
                            call.getStart(), "System.Window() is allowed in the columns of a select with GROUP BY");
                }
                return computed(StreamQuery.WINDOW);
            }
            case "LAG", "LAST", "ISFIRST" -> {
                rejectGrouped(
                        call,
                        "'" + call.function().getText()
                                + "' of a grouped select is allowed in an aggregate, or in a step of WITH");
                return computed(ofRows.analytic(call, name));
            }
            default -> {
                // Further below.
            }
        }
        if (RowFunctions.AGGREGATES.contains(name)) {
            if (call.over() == null || call.over().LIMIT() == null) {
                return aggregate(call, name);
            }
            rejectGrouped(call, "An aggregate OVER a duration is allowed in a select without GROUP BY");
            return computed(ofRows.overLimit(call, name));
        }
        if (name.startsWith("UDA.")) {
            throw Parsing.refuse(
                    call.getStart(), "There are no aggregates of users: give a function (UDF) what Collect() collects");
        }
        return scalar(call, name);
    }

    private void rejectGrouped(CallContext call, String reason) {
        if (ungrouped != null) {
            throw Parsing.refuse(call.getStart(), reason);
        }
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
                    SyntaxHints.function(call.function().getText())
                            .orElseGet(() -> "There is no function '"
                                    + call.function().getText() + "'"
                                    + (name.startsWith(OF_USERS) ? ": add it to the functions of the job" : "")));
        }
        if (call.over() != null || call.STAR() != null) {
            throw Parsing.refuse(call.getStart(), "'" + call.function().getText() + "' takes plain arguments");
        }
        Optional<RowDifference> difference = ungrouped == null ? RowDifference.of(call, scope) : Optional.empty();
        if (difference.isPresent()) {
            return difference.get().on(function.get(), scope, call);
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

    private Expression aggregate(CallContext call, String name) {
        if (ungrouped == null) {
            throw Parsing.refuse(
                    call.getStart(),
                    "'" + call.function().getText()
                            + "' is allowed in the columns or HAVING of a select with GROUP BY, or with OVER (LIMIT DURATION(second, 10))");
        }
        String text = Trees.text(call); // With its blanks: DISTINCT x is not DISTINCTx.
        @Nullable Integer same = known.get(text);
        if (same == null) {
            same = aggregates.size();
            aggregates.add(ofRows.aggregate(call, name));
            known.put(text, same);
        }
        return computed(keys.size() + same);
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
