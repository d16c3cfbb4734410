package io.muster.query.stream;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.ScalarFunction;
import io.muster.query.stream.grammar.StreamQueryParser;
import io.muster.query.stream.grammar.StreamQueryParser.SelectContext;
import io.muster.query.stream.grammar.StreamQueryParser.SourceContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.tree.ParseTree;
import org.jspecify.annotations.Nullable;

/** Compiles a parse tree to a plan. For one text. */
final class StreamCompiler {
    private static final String DEFAULT_OUTPUT = "output";
    private static final int MOST_SOURCES = 50;
    private static final int MOST_COLUMNS = 1000;
    private static final int MOST_STEPS = 200;
    private static final int MOST_WAYS = 1000;

    private final Set<String> referenceInputs;
    private final StreamMembers members = new StreamMembers();

    private final Map<String, Growth> steps = new HashMap<>();

    /** Maps a step to the names of its columns, in lower case. */
    private final Map<String, Set<String>> columnsOfSteps = new HashMap<>();

    private final Map<String, StreamQuery.Clock> clocks = new HashMap<>();
    private final Map<String, String> clockTexts = new HashMap<>();
    private final Map<String, ScalarFunction> functions;
    private final Lineage lineage;
    private final boolean lowerCaseNames;

    /**
     * Prepares the compilation of one query.
     *
     * @param referenceInputs in lower case
     * @param functions of users, by their names in lower case
     * @param lowerCaseNames of columns that are named one by one
     */
    StreamCompiler(Set<String> referenceInputs, Map<String, ScalarFunction> functions, boolean lowerCaseNames) {
        this.referenceInputs = referenceInputs;
        this.functions = functions;
        this.lowerCaseNames = lowerCaseNames;
        this.lineage = new Lineage(referenceInputs);
    }

    StreamQuery compile(StreamQueryParser.ScriptContext script) {
        rejectQuoted(script);
        if (script.step().size() > MOST_STEPS) {
            throw Parsing.refuse(
                    script.step(MOST_STEPS).getStart(),
                    "A query has up to " + MOST_STEPS + " steps: take some into a second job");
        }
        List<StreamQuery.Step> named = new ArrayList<>();
        for (StreamQueryParser.StepContext step : script.step()) {
            String name = lower(StreamScope.name(step.name()));
            for (SelectContext select : step.union().select()) {
                if (select.INTO() != null) {
                    throw Parsing.refuse(
                            select.INTO().getSymbol(), "A step of WITH has no INTO: select from it into the output");
                }
            }
            List<StreamQuery.Select> selects = selects(step.union(), name);
            if (clocks.containsKey(name)) {
                throw Parsing.refuse(
                        step.getStart(), "'" + name + "' is an input that a step reads: name this step otherwise");
            }
            if (steps.putIfAbsent(name, growth(step.union().getStart(), selects)) != null) {
                throw Parsing.refuse(step.getStart(), "There are two steps '" + name + "': name one otherwise");
            }
            rejectDifferentColumns(step.union());
            columnsOfSteps.put(
                    name,
                    selects.stream()
                            .flatMap(select -> select.columns().stream())
                            .flatMap(column -> Stream.ofNullable(column.name()))
                            .map(StreamCompiler::lower)
                            .collect(Collectors.toSet()));
            named.add(new StreamQuery.Step(name, selects));
        }
        List<StreamQuery.Output> outputs = new ArrayList<>();
        for (StreamQueryParser.UnionContext union : script.union()) {
            String output = output(union);
            List<StreamQuery.Select> selects = selects(union, "");
            growth(union.getStart(), selects);
            selects.forEach(select -> outputs.add(new StreamQuery.Output(output, select)));
            rejectDifferentColumns(union);
        }
        return new StreamQuery(
                List.copyOf(named), List.copyOf(outputs), Map.copyOf(clocks), members.seen(), lineage.partitionKeys());
    }

    /** Rejects a lone name in double quotes where a value may stand: it is meant as a text, and would be a column that nobody has. */
    private static void rejectQuoted(ParseTree tree) {
        if (tree instanceof StreamQueryParser.ColumnContext column
                && column.getText().startsWith("\"")
                && column.path().name().size() == 1) {
            String name = StreamScope.name(column.path().name(0));
            throw Parsing.refuse(
                    column.getStart(),
                    column.getText() + " in double quotes is a name: write '" + name.replace("'", "''")
                            + "' for a text, or [" + name + "] for a column");
        }
        for (int i = 0; i < tree.getChildCount(); i++) {
            rejectQuoted(tree.getChild(i));
        }
    }

    /**
     * Counts how one event of an input multiplies with each step that reads a step more than once.
     *
     * @param ways on how many it comes to a step
     * @param rows how many it may become there
     */
    private record Growth(long ways, long rows) {
        private static final Growth NONE = new Growth(1, 1);
    }

    /** Returns the growth of selects that together make one stream; rejects more than {@link #MOST_WAYS}. */
    private Growth growth(Token at, List<StreamQuery.Select> selects) {
        long ways = 0;
        long rows = 0;
        for (StreamQuery.Select select : selects) {
            long pairs = 1;
            for (StreamQuery.Source source : select.sources()) {
                Growth of = steps.getOrDefault(source.name(), Growth.NONE);
                ways += of.ways();
                pairs = Math.min(pairs * of.rows(), MOST_WAYS + 1);
            }
            rows += pairs;
            if (Math.max(ways, rows) > MOST_WAYS) {
                throw Parsing.refuse(
                        at,
                        "An event comes here on more than " + MOST_WAYS
                                + " ways: let fewer steps read a step by UNION or JOIN that does so itself");
            }
        }
        return new Growth(ways, rows);
    }

    private static String output(StreamQueryParser.UnionContext union) {
        @Nullable String output = null;
        for (SelectContext select : union.select()) {
            if (select.INTO() == null) {
                continue;
            }
            String into = lower(StreamScope.name(select.name()));
            if (output != null && !output.equals(into)) {
                throw Parsing.refuse(
                        select.INTO().getSymbol(), "All selects of a UNION go into one output: '" + output + "'");
            }
            output = into;
        }
        return output == null ? DEFAULT_OUTPUT : output;
    }

    /** Rejects selects of a UNION whose columns are known to differ. */
    private static void rejectDifferentColumns(StreamQueryParser.UnionContext union) {
        @Nullable Set<String> first = null;
        for (SelectContext select : union.select()) {
            if (select.item().stream().anyMatch(item -> item.STAR() != null)) {
                continue;
            }
            Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
            for (StreamQueryParser.ItemContext item : select.item()) {
                names.add(item.name() == null ? nameOf(item.or(), names) : StreamScope.name(item.name()));
            }
            if (first != null && !first.equals(names)) {
                throw Parsing.refuse(
                        select.getStart(),
                        "The selects of a UNION have the same columns: " + String.join(", ", first) + "; not "
                                + String.join(", ", names));
            }
            first = names;
        }
    }

    /** Rejects too many sources of a select: a row goes through all of them at once, on one stack. */
    private static void rejectMany(int before, StreamQueryParser.JoinContext join) {
        if (before >= MOST_SOURCES) {
            throw Parsing.refuse(
                    join.getStart(),
                    "A select joins and applies up to " + MOST_SOURCES + " sources: take some into a step of WITH");
        }
    }

    static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /** Compiles the selects of a UNION, whose columns are spelled as the first that has them spells them. @param step as below */
    private List<StreamQuery.Select> selects(StreamQueryParser.UnionContext union, String step) {
        List<StreamQuery.Select> selects = new ArrayList<>();
        Set<String> spellings = new LinkedHashSet<>();
        for (SelectContext select : union.select()) {
            StreamQuery.Select made = select(select, step, spellings);
            made.columns().stream()
                    .flatMap(column -> Stream.ofNullable(column.name()))
                    .forEach(spellings::add);
            selects.add(made);
        }
        return selects;
    }

    /** Compiles one select. @param step whose select it is; empty for an output's @param spellings of columns of the same UNION */
    private StreamQuery.Select select(SelectContext select, String step, Set<String> spellings) {
        if (select.TOP() != null) {
            throw Parsing.refuse(
                    select.TOP().getSymbol(),
                    "TOP has no meaning in a stream: write CollectTop(n) OVER (ORDER BY …) with GROUP BY a window");
        }
        if (Math.max(select.item().size(), select.or().size()) > MOST_COLUMNS) {
            throw Parsing.refuse(
                    select.getStart(), "A select has up to " + MOST_COLUMNS + " columns, and as many keys of GROUP BY");
        }
        StreamScope scope = new StreamScope(members);
        StreamExpressions rows = new StreamExpressions(scope, functions);
        List<StreamQuery.Source> sources = new ArrayList<>();
        List<StreamQuery.Join> joins = new ArrayList<>();
        List<StreamQuery.Apply> applications = new ArrayList<>();
        sources.add(source(select.source(), scope));
        if (referenceInputs.contains(sources.getFirst().name())) {
            throw Parsing.refuse(
                    select.source().getStart(),
                    "Reference data are no stream: select FROM one, and join the input itself to it, such as JOIN "
                            + select.source().name(0).getText() + " b ON a.k = b.k");
        }
        for (StreamQueryParser.JoinContext join : select.join()) {
            switch (join) {
                case StreamQueryParser.JoinedContext joined -> {
                    if (!applications.isEmpty()) {
                        throw Parsing.refuse(join.getStart(), "Join first and apply then, or apply in a step of WITH");
                    }
                    sources.add(source(joined.source(), scope));
                    boolean reference =
                            referenceInputs.contains(sources.getLast().name());
                    rejectMany(sources.size() + applications.size(), join);
                    joins.add(rows.joins().join(joined, reference));
                }
                case StreamQueryParser.AppliedContext applied -> {
                    rejectMany(sources.size() + applications.size(), join);
                    applications.add(apply(applied, scope, rows));
                }
                default -> throw new IllegalStateException("not a join, class=" + join.getClass());
            }
        }
        rows.reject(made(select, sources));
        List<StreamQueryParser.OrContext> conditions = select.or();
        int next = 0;
        @Nullable Expression where = select.WHERE() == null ? null : rows.condition(conditions.get(next++));
        int groups = conditions.size() - next - (select.HAVING() == null ? 0 : 1);
        List<StreamQueryParser.OrContext> grouping = conditions.subList(next, next + groups);
        if (grouping.isEmpty()) {
            if (select.HAVING() != null) {
                throw Parsing.refuse(select.HAVING().getSymbol(), "HAVING needs a GROUP BY: write WHERE");
            }
            rows.reject(Map.of());
            List<StreamQuery.Column> columns = columns(select, scope, rows, rows, spellings);
            checkPartitions(select, rows, Map.of());
            lineage.select(step, select, scope, sources, joins, rows, Optional.empty(), columns);
            return new StreamQuery.Select(
                    sources,
                    joins,
                    applications,
                    analytics(select, rows, joins),
                    where,
                    Optional.empty(),
                    null,
                    columns,
                    isPartitioned(select));
        }
        Groups keys = Groups.of(grouping, select.GROUP().getSymbol(), rows);
        rows.reject(Map.of());
        checkPartitions(select, rows, keys.places());
        StreamExpressions results = rows.grouped(keys.places());
        List<StreamQuery.Column> columns = columns(select, scope, rows, results, spellings);
        lineage.select(step, select, scope, sources, joins, rows, Optional.of(keys), columns);
        select.item().stream()
                .filter(item -> item.STAR() == null && item.name() != null)
                .forEach(item -> results.name(StreamScope.name(item.name()), item.or()));
        @Nullable Expression having = select.HAVING() == null ? null : results.condition(conditions.getLast());
        return new StreamQuery.Select(
                sources,
                joins,
                applications,
                analytics(select, rows, joins),
                where,
                Optional.of(new StreamQuery.Grouping(
                        keys.keys(),
                        keys.window(),
                        Stream.concat(keys.keys().stream().map(Aggregates::first), results.aggregates().stream())
                                .toList())),
                having,
                columns,
                isPartitioned(select));
    }

    /**
     * Returns the columns that the select makes, by their names in lower case, without names that columns of its sources may have too. Nobody asks
     * for a constant, so that its name is a column's.
     */
    private Map<String, StreamQueryParser.OrContext> made(SelectContext select, List<StreamQuery.Source> sources) {
        Map<String, StreamQueryParser.OrContext> made = new HashMap<>();
        for (StreamQueryParser.ItemContext item : select.item()) {
            if (item.STAR() == null
                    && item.name() != null
                    && StreamLiterals.constant(item.or()).isEmpty()) {
                made.put(lower(StreamScope.name(item.name())), item.or());
            }
        }
        Set<String> known = new HashSet<>(StreamQuery.METADATA);
        sources.forEach(source -> known.addAll(columnsOfSteps.getOrDefault(source.name(), Set.of())));
        select.item().forEach(item -> addNames(item, 1, known));
        addNames(select.source(), 1, known);
        select.join().forEach(join -> addNames(join, 1, known));
        select.or().forEach(condition -> addNames(condition, 2, known));
        known.forEach(name -> made.remove(lower(name)));
        return made;
    }

    /** Adds the names in paths of that many names or more, of columns. */
    private static void addNames(ParseTree tree, int least, Set<String> names) {
        if (tree instanceof StreamQueryParser.PathContext path) {
            if (path.name().size() >= least && !Syntax.isTimestamp(path)) {
                path.name().forEach(name -> names.add(StreamScope.name(name)));
            }
            return;
        }
        for (int i = 0; i < tree.getChildCount(); i++) {
            addNames(tree.getChild(i), least, names);
        }
    }

    /** Rejects a partitioned select that brings rows together by anything but the partition's column: rows of different partitions don't meet. */
    private static void checkPartitions(SelectContext select, StreamExpressions rows, Map<String, Integer> keys) {
        List<SourceContext> sources = sources(select);
        for (int part = 0; part < sources.size(); part++) {
            if (sources.get(part).partition().isEmpty()) {
                continue;
            }
            StreamQueryParser.PathContext path = sources.get(part).partition(0).path();
            String name = partition(sources.get(part));
            StreamScope.Column column = new StreamScope.Column(part, List.of(name));
            if (part == 0 && !select.or().isEmpty() && select.GROUP() != null && !keys.containsKey(column.key())) {
                throw Parsing.refuse(
                        path.getStart(), "A partitioned select groups by its partition: add " + name + " to GROUP BY");
            }
            if (sources.size() > 1 && !rows.joins().isEqual(column)) {
                throw Parsing.refuse(
                        path.getStart(),
                        "Partitioned sources are joined by their partition: add the equality of " + name + " to ON");
            }
        }
    }

    /**
     * Returns whether the select's rows stay in their partition, since each source says PARTITION BY PartitionId. Rows that are equal in another
     * column may stand in several partitions, whatever their producer meant.
     */
    private static boolean isPartitioned(SelectContext select) {
        return sources(select).stream()
                .allMatch(source ->
                        !source.partition().isEmpty() && partition(source).equalsIgnoreCase(StreamQuery.PARTITION));
    }

    private static List<SourceContext> sources(SelectContext select) {
        List<SourceContext> sources = new ArrayList<>(List.of(select.source()));
        select.join().stream()
                .filter(StreamQueryParser.JoinedContext.class::isInstance)
                .forEach(join -> sources.add(((StreamQueryParser.JoinedContext) join).source()));
        return sources;
    }

    private static String partition(SourceContext source) {
        return StreamScope.name(source.partition(0).path().name().getLast());
    }

    private static List<StreamQuery.Analytic> analytics(
            SelectContext select, StreamExpressions rows, List<StreamQuery.Join> joins) {
        if (!rows.ofRows().analytics().isEmpty()
                && (!joins.isEmpty() || select.join().size() > joins.size())) {
            throw Parsing.refuse(
                    select.getStart(),
                    "LAG, LAST, ISFIRST and aggregates OVER read one source: write them in a step of WITH and join that");
        }
        return rows.ofRows().analytics();
    }

    private StreamQuery.Source source(SourceContext source, StreamScope scope) {
        String name = lower(StreamScope.name(source.name(0)));
        String alias = source.name().size() > 1 ? StreamScope.name(source.name(1)) : name;
        if (source.AS() == null && source.name().size() > 1) {
            SyntaxHints.feature(source.name(1).getText()).ifPresent(feature -> {
                throw Parsing.refuse(source.name(1).getStart(), feature);
            });
        }
        rejectTwice(source.getStart(), alias, scope);
        if (source.timestamp().size() > 1 || source.partition().size() > 1) {
            throw Parsing.refuse(source.getStart(), "Write TIMESTAMP BY and PARTITION BY once for each source");
        }
        if (!steps.containsKey(name)) {
            clock(source, name, alias);
        } else if (!source.timestamp().isEmpty()) {
            throw noClock(source, name);
        }
        scope.source(
                name,
                alias,
                referenceInputs.contains(name),
                columnsOfSteps.getOrDefault(name, Set.of()).contains(lower(alias)));
        return new StreamQuery.Source(name, lower(alias));
    }

    private static void rejectTwice(Token at, String alias, StreamScope scope) {
        if (scope.part(alias).isPresent()) {
            throw Parsing.refuse(at, "Two sources are called '" + alias + "': write AS and another name");
        }
    }

    private static RuntimeException noClock(SourceContext source, String name) {
        return Parsing.refuse(
                source.timestamp(0).getStart(),
                "TIMESTAMP BY belongs to a stream input: remove it from '" + name
                        + "', which is reference data or a step");
    }

    private void clock(SourceContext source, String name, String alias) {
        StreamQuery.Clock clock = StreamQuery.Clock.OF_ARRIVAL;
        List<StreamScope.Column> over = List.of();
        String text = "";
        if (!source.timestamp().isEmpty()) {
            if (referenceInputs.contains(name)) {
                throw noClock(source, name);
            }
            StreamQueryParser.TimestampContext clause = source.timestamp(0);
            StreamScope alone = StreamScope.ofColumns(members, name, alias);
            if (Syntax.isTimestamp(clause.or(0))) {
                throw Parsing.refuse(
                        clause.or(0).getStart(),
                        "System.Timestamp() is what TIMESTAMP BY makes: name a column, or leave TIMESTAMP BY out for the time of arrival");
            }
            StreamExpressions of = new StreamExpressions(alone, functions);
            over = Lineage.columns(clause, alone);
            clock = new StreamQuery.Clock(
                    of.value(clause.or(0)),
                    over.stream().map(StreamScope.Column::expression).toList());
            text = Syntax.canonical(clause).replace("[" + lower(alias) + "] . ", "");
        }
        clocks.put(name, clock);
        lineage.input(source, name, over);
        if (!Objects.requireNonNullElse(clockTexts.putIfAbsent(name, text), text)
                .equals(text)) {
            throw Parsing.refuse(
                    source.getStart(),
                    "An input has one time: write the same TIMESTAMP BY wherever '" + name + "' is read");
        }
    }

    private static StreamQuery.Apply apply(
            StreamQueryParser.AppliedContext applied, StreamScope scope, StreamExpressions rows) {
        Token at = applied.function().getStart();
        String function = applied.function().getText().toUpperCase(Locale.ROOT);
        if (!function.equals("GETARRAYELEMENTS") && !function.equals("GETRECORDPROPERTIES")) {
            throw Parsing.refuse(at, "APPLY takes GetArrayElements or GetRecordProperties");
        }
        Expression list = rows.listOf(applied, StreamFunctions.named(function).orElseThrow());
        String alias = applied.name() == null ? applied.function().getText() : StreamScope.name(applied.name());
        rejectTwice(at, alias, scope);
        scope.applied(alias);
        return new StreamQuery.Apply(list, applied.OUTER() != null);
    }

    private List<StreamQuery.Column> columns(
            SelectContext select,
            StreamScope scope,
            StreamExpressions rows,
            StreamExpressions results,
            Set<String> spellings) {
        List<StreamQuery.Column> columns = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (StreamQueryParser.ItemContext item : select.item()) {
            if (item.STAR() != null) {
                columns.add(all(item, scope, rows == results));
                continue;
            }
            String name = item.name() == null ? nameOf(item.or(), names) : StreamScope.name(item.name());
            if (lowerCaseNames) {
                name = lower(name);
            }
            if (!spellings.contains(name)) {
                name = spellings.stream()
                        .filter(name::equalsIgnoreCase)
                        .findFirst()
                        .orElse(name);
            }
            if (!names.add(name)) {
                throw Parsing.refuse(
                        item.getStart(), "Two columns are called '" + name + "': write AS and another name");
            }
            columns.add(new StreamQuery.Column(name, results.value(item.or())));
        }
        return columns;
    }

    private static StreamQuery.Column all(StreamQueryParser.ItemContext item, StreamScope scope, boolean ungrouped) {
        if (!ungrouped) {
            throw Parsing.refuse(item.getStart(), "With GROUP BY, name the keys and aggregates instead of *");
        }
        if (item.name() == null) {
            if (!scope.isSingle()) {
                throw Parsing.refuse(
                        item.getStart(), "With JOIN or APPLY, name the columns, or write a.* of one source");
            }
            return new StreamQuery.Column(null, scope.whole(0));
        }
        String alias = StreamScope.name(item.name());
        int part = scope.part(alias)
                .orElseThrow(() -> Parsing.refuse(
                        item.getStart(),
                        "There is no source '" + alias
                                + "', and * of a record isn't supported: name its members, such as " + alias + ".x"));
        return new StreamQuery.Column(null, scope.whole(part));
    }

    /** Returns the name of a column without one: of a column its last name, of a function its own. */
    private static String nameOf(StreamQueryParser.OrContext or, Set<String> taken) {
        Optional<StreamQueryParser.PrimaryContext> primary = Syntax.primary(or);
        String base = primary.map(only -> switch (only) {
                    case StreamQueryParser.PrimaryContext _ when Syntax.isTimestamp(only) -> "timestamp";
                    case StreamQueryParser.ColumnContext column ->
                        StreamScope.name(column.path().name().getLast());
                    case StreamQueryParser.CallContext call
                    when !call.name().isEmpty() -> StreamScope.name(call.name().getLast());
                    case StreamQueryParser.CallContext call ->
                        lower(call.function().getText().replaceAll("^.*\\.", ""));
                    default -> "column";
                })
                .orElse("column");
        String name = base;
        boolean isColumn = primary.filter(StreamQueryParser.ColumnContext.class::isInstance)
                .isPresent();
        for (int i = 2; !isColumn && taken.contains(name); i++) {
            name = base + i;
        }
        return name;
    }
}
