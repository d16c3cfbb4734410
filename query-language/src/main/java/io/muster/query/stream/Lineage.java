package io.muster.query.stream;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.stream.grammar.StreamQueryParser;
import io.muster.query.stream.grammar.StreamQueryParser.ItemContext;
import io.muster.query.stream.grammar.StreamQueryParser.SelectContext;
import io.muster.query.stream.grammar.StreamQueryParser.SourceContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

/**
 * Traces grouping and join keys back to input columns, to decide which rows can never meet. Rows of different substreams must not meet, since
 * each substream has a time of its own; rows that never meet may run in different tasks. For one text. Contract: stream-analytics, 4.4.
 */
final class Lineage {
    /** Holds the input columns whose unchanged values a column has: of several inputs behind a union, or a join by it. Empty for a computed column. */
    private record Origin(Map<String, List<String>> columns) {
        private static final Origin NONE = new Origin(Map.of());

        /** Returns both; nothing where they differ on an input. */
        Optional<Origin> and(Origin other) {
            Map<String, List<String>> both = new HashMap<>(columns);
            for (Map.Entry<String, List<String>> more : other.columns.entrySet()) {
                if (!both.merge(more.getKey(), more.getValue(), (_, given) -> given)
                        .equals(columns.getOrDefault(more.getKey(), more.getValue()))) {
                    return Optional.empty();
                }
            }
            return Optional.of(new Origin(both));
        }

        boolean isNone() {
            return columns.isEmpty();
        }

        /** Returns whether it is a part of the other. */
        boolean isWithin(Origin other) {
            return !isNone() && other.columns.entrySet().containsAll(columns.entrySet());
        }
    }

    /** Traces the columns of a source. */
    private interface Columns {
        Origin origin(List<String> path);

        /** Returns a column with this origin. */
        Optional<List<String>> carrying(Origin wanted);
    }

    private record OfInput(String name, Map<String, List<String>> spellings) implements Columns {
        OfInput(String name) {
            this(name, new HashMap<>());
        }

        /** Treats names that differ in case only as one column, by its first spelling. */
        @Override
        public Origin origin(List<String> path) {
            return new Origin(Map.of(name, spellings.computeIfAbsent(StreamScope.Column.key(path), _ -> path)));
        }

        @Override
        public Optional<List<String>> carrying(Origin wanted) {
            return Optional.ofNullable(wanted.columns().get(name));
        }
    }

    /** Traces the columns that a select makes: unchanged ones by their names, and sources of which it shows all columns. */
    private record OfSelect(Map<String, Origin> named, List<Columns> whole) implements Columns {
        @Override
        public Origin origin(List<String> path) {
            @Nullable Origin of = named.get(path.getFirst());
            if (of == null) {
                return whole.size() == 1 && !StreamQuery.METADATA.contains(path.getFirst())
                        ? whole.getFirst().origin(path)
                        : Origin.NONE;
            }
            Map<String, List<String>> inside = new HashMap<>();
            of.columns()
                    .forEach((input, column) -> inside.put(
                            input,
                            Stream.concat(column.stream(), path.stream().skip(1))
                                    .toList()));
            return new Origin(inside);
        }

        @Override
        public Optional<List<String>> carrying(Origin wanted) {
            return Stream.concat(
                            named.keySet().stream().map(List::of),
                            whole.stream().flatMap(columns -> columns.carrying(wanted).stream()))
                    .filter(path -> origin(path).isWithin(wanted))
                    .findFirst();
        }
    }

    /** Traces columns that both parts have. */
    private record OfUnion(Columns one, Columns other) implements Columns {
        @Override
        public Origin origin(List<String> path) {
            Origin first = one.origin(path);
            Origin second = other.origin(path);
            return first.isNone() || second.isNone()
                    ? Origin.NONE
                    : first.and(second).orElse(Origin.NONE);
        }

        @Override
        public Optional<List<String>> carrying(Origin wanted) {
            return Stream.of(one, other)
                    .flatMap(columns -> columns.carrying(wanted).stream())
                    .filter(path -> origin(path).isWithin(wanted))
                    .findFirst();
        }
    }

    /** Traces nothing: a LEFT JOIN may not have found the row. */
    private static final Columns UNKNOWN = new OfSelect(Map.of(), List.of());

    private static final int MOST_MEETINGS = 100;
    private static final int MOST_TRIES = 10_000;

    private final Map<String, Columns> sources = new HashMap<>();

    /** Holds the columns that name a substream; null before the first stream was read. */
    private @Nullable List<Origin> over;

    /** Holds, for each operation at which rows meet, the columns in one of which they are equal. */
    private final List<List<Origin>> meetings = new ArrayList<>();

    private final Set<String> referenceInputs;
    private int tries;

    /** Begins without a column. @param referenceInputs in lower case */
    Lineage(Set<String> referenceInputs) {
        this.referenceInputs = referenceInputs;
    }

    /** Returns the columns behind OVER. */
    static List<StreamScope.Column> columns(StreamQueryParser.TimestampContext clause, StreamScope scope) {
        return clause.or().stream()
                .skip(1)
                .map(expression -> Syntax.path(expression)
                        .map(scope::column)
                        .orElseThrow(() -> Parsing.refuse(
                                expression.getStart(), "OVER takes columns of the input, such as deviceId")))
                .toList();
    }

    /** Adds an input. @param columns the names of its substreams */
    void input(SourceContext source, String name, List<StreamScope.Column> columns) {
        if (referenceInputs.contains(name)) {
            sources.put(name, UNKNOWN);
            return;
        }
        Columns of = sources.computeIfAbsent(name, OfInput::new);
        List<Origin> named =
                columns.stream().map(column -> of.origin(column.names())).toList();
        @Nullable List<Origin> before = over;
        if (before != null && before.size() != named.size()) {
            throw Parsing.refuse(
                    source.getStart(),
                    "Either all inputs have TIMESTAMP BY … OVER with as many columns, or none has OVER");
        }
        List<Origin> both = new ArrayList<>();
        for (int part = 0; part < named.size(); part++) {
            both.add(
                    before == null
                            ? named.get(part)
                            : before.get(part).and(named.get(part)).orElse(Origin.NONE));
        }
        over = both;
    }

    /**
     * Adds a select, in which rows meet.
     *
     * @param step the select's step; empty for an output's
     * @param columns that it makes of its items
     */
    void select(
            String step,
            SelectContext select,
            StreamScope scope,
            List<StreamQuery.Source> from,
            List<StreamQuery.Join> joins,
            StreamExpressions rows,
            Optional<Groups> groups,
            List<StreamQuery.Column> columns) {
        List<Columns> parts = new ArrayList<>();
        parts.add(source(from.getFirst()));
        for (int joined = 0; joined < joins.size(); joined++) {
            StreamQuery.Join join = joins.get(joined);
            parts.add(source(from.get(joined + 1)));
            join(join, select.join(joined).getStart(), scope, parts, rows);
            if (join.outer()) {
                parts.set(joined + 1, UNKNOWN);
            }
        }
        for (Set<String> partition : rows.ofRows().analyticPartitions()) {
            meet(
                    parts,
                    origins(partition, scope, parts),
                    select.getStart(),
                    "PARTITION BY of each LAG, LAST, ISFIRST and aggregate OVER");
        }
        groups.ifPresent(by -> {
            meet(
                    parts,
                    origins(by.places().keySet(), scope, parts),
                    select.GROUP().getSymbol(),
                    "GROUP BY");
            @Nullable Set<String> session = by.sessionKeys();
            if (session != null) {
                meet(
                        parts,
                        origins(session, scope, parts),
                        select.GROUP().getSymbol(),
                        "PARTITION BY of a SessionWindow");
            }
        });
        if (!step.isEmpty()) {
            sources.merge(step, result(select, scope, from, columns, parts), OfUnion::new);
        }
    }

    private Columns source(StreamQuery.Source source) {
        return sources.getOrDefault(source.name(), UNKNOWN);
    }

    private void join(StreamQuery.Join join, Token at, StreamScope scope, List<Columns> parts, StreamExpressions rows) {
        if (join.kind() == StreamQuery.Join.Kind.REFERENCE) {
            if (hasSubstreams()) {
                throw Parsing.refuse(
                        at, "Reference data and substreams don't go together: leave OVER out, or join in a second job");
            }
            return;
        }
        int last = parts.size() - 1;
        List<Origin> options = new ArrayList<>();
        for (Set<String> pair : rows.joins().equalColumns()) {
            List<StreamScope.Column> columns = pair.stream()
                    .flatMap(key -> scope.seen(key).stream())
                    .filter(column -> column.part() <= last)
                    .toList();
            if (columns.size() == 2
                    && columns.stream().filter(column -> column.part() == last).count() == 1) {
                Origin one = origin(columns.getFirst(), parts);
                Origin other = origin(columns.getLast(), parts);
                if (!one.isNone() && !other.isNone()) {
                    one.and(other).ifPresent(options::add);
                }
            }
        }
        meetings.add(options);
        for (Origin name : Objects.requireNonNullElse(over, List.<Origin>of())) {
            if (options.stream().noneMatch(option -> option.isWithin(name))) {
                throw Parsing.refuse(
                        at, "Substreams are joined by what names them: add the equality of the columns of OVER to ON");
            }
        }
    }

    private static Origin origin(StreamScope.Column column, List<Columns> parts) {
        return column.part() < parts.size() && !column.names().isEmpty()
                ? parts.get(column.part()).origin(column.names())
                : Origin.NONE;
    }

    private static List<Origin> origins(Collection<String> keys, StreamScope scope, List<Columns> parts) {
        return keys.stream()
                .flatMap(key -> scope.seen(key).stream())
                .map(column -> origin(column, parts))
                .filter(origin -> !origin.isNone())
                .toList();
    }

    /** Adds an operation at which rows meet that are equal in one of these. */
    private void meet(List<Columns> parts, List<Origin> options, Token at, String where) {
        meetings.add(options);
        for (Origin name : Objects.requireNonNullElse(over, List.<Origin>of())) {
            if (options.stream().noneMatch(option -> option.isWithin(name))) {
                throw Parsing.refuse(
                        at,
                        "Each substream has its own time: add "
                                + parts.getFirst()
                                        .carrying(name)
                                        .map(path -> String.join(".", path) + " to ")
                                        .orElse("the columns of OVER to what the step selects, and to ")
                                + where);
            }
        }
    }

    private static Columns result(
            SelectContext select,
            StreamScope scope,
            List<StreamQuery.Source> from,
            List<StreamQuery.Column> columns,
            List<Columns> parts) {
        Map<String, Origin> named = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        List<Columns> whole = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            ItemContext item = select.item(i);
            if (item.STAR() != null) {
                whole.add(item.name() == null ? parts.getFirst() : all(item, scope, from, parts));
                continue;
            }
            named.put(
                    String.valueOf(columns.get(i).name()),
                    Syntax.path(item.or())
                            .map(path -> origin(scope.column(path), parts))
                            .orElse(Origin.NONE));
        }
        return new OfSelect(named, whole);
    }

    private static Columns all(
            ItemContext item, StreamScope scope, List<StreamQuery.Source> from, List<Columns> parts) {
        int part = scope.part(StreamScope.name(item.name())).orElse(from.size());
        return part < from.size() ? parts.get(part) : UNKNOWN;
    }

    private boolean hasSubstreams() {
        return over != null && !over.isEmpty();
    }

    /**
     * Returns partition keys per stream input: events that differ in them never meet. An input whose events never meet at all has no key. Empty when
     * the query cannot be parallelised.
     */
    Optional<Map<String, List<Expression>>> partitionKeys() {
        List<Origin> names = hasSubstreams()
                ? Objects.requireNonNull(over)
                : agreed(0, Origin.NONE).map(List::of).orElse(List.of());
        if (names.isEmpty()) {
            return Optional.empty();
        }
        Map<String, List<Expression>> keys = new HashMap<>();
        sources.forEach((name, columns) -> {
            if (columns instanceof OfInput) {
                keys.put(
                        name,
                        names.stream()
                                .flatMap(origin ->
                                        Stream.ofNullable(origin.columns().get(name)))
                                .map(path -> new StreamScope.Column(0, path).expression())
                                .toList());
            }
        });
        return Optional.of(Map.copyOf(keys));
    }

    /** Returns a column of each input on which every meeting from this one on agrees; tries a bounded number of choices. */
    private Optional<Origin> agreed(int meeting, Origin so) {
        if (meeting == meetings.size()) {
            return Optional.of(so);
        }
        if (meetings.size() > MOST_MEETINGS || tries++ > MOST_TRIES) {
            return Optional.empty();
        }
        return meetings.get(meeting).stream()
                .flatMap(option -> so.and(option).stream())
                .flatMap(both -> agreed(meeting + 1, both).stream())
                .findFirst();
    }
}
