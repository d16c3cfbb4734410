package io.muster.query.stream;

import io.muster.query.Parsing;
import io.muster.query.grammar.StreamQueryParser;
import io.muster.query.grammar.StreamQueryParser.SelectContext;
import io.muster.query.grammar.StreamQueryParser.SourceContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

/**
 * What names the substream of a row, from the inputs to the outputs: rows of different substreams have different times and never meet, so
 * whatever brings rows together does it by that. For one text. Contract: stream-analytics, 4.4.
 */
final class Substreams {
    /** Of a source, for each part of the name the columns that have it, as the names that lead there. No parts without substreams. */
    private final Map<String, List<List<List<String>>>> carriers = new HashMap<>();

    /** How many parts a name has; negative before the first stream was read. */
    private int parts = -1;

    /** Behind OVER. */
    static List<StreamScope.Column> columns(StreamQueryParser.TimestampContext clause, StreamScope scope) {
        return clause.or().stream()
                .skip(1)
                .map(expression -> Sole.path(expression)
                        .map(scope::column)
                        .orElseThrow(() -> Parsing.refuse(
                                expression.getStart(), "OVER takes columns of the input, such as deviceId")))
                .toList();
    }

    /** An input is read. @param over what names a substream */
    void input(SourceContext source, String name, List<StreamScope.Column> over, boolean isReference) {
        if (isReference) {
            return;
        }
        if (parts >= 0 && parts != over.size()) {
            throw Parsing.refuse(
                    source.getStart(),
                    "Either all inputs have TIMESTAMP BY … OVER with as many columns, or none has OVER");
        }
        parts = over.size();
        carriers.put(name, over.stream().map(column -> List.of(column.names())).toList());
    }

    /**
     * A select: what it brings together must be of one substream.
     *
     * @param step whose select it is; of an output nothing is read
     */
    void select(
            String step,
            SelectContext select,
            List<StreamQuery.Source> sources,
            List<StreamQuery.Join> joins,
            StreamExpressions rows,
            Optional<Groups> groups) {
        if (parts <= 0) {
            return;
        }
        List<List<StreamScope.Column>> names = new ArrayList<>();
        for (int name = 0; name < parts; name++) {
            List<StreamScope.Column> columns = columns(sources.getFirst(), 0, name);
            for (int joined = 0; joined < joins.size(); joined++) {
                columns.addAll(join(joins.get(joined), select, sources, joined + 1, name, columns, rows));
            }
            names.add(columns);
            for (Set<String> partition : rows.analyticPartitions()) {
                requireOne(
                        columns,
                        partition,
                        select.getStart(),
                        "PARTITION BY of each LAG, LAST, ISFIRST and aggregate OVER");
            }
            if (groups.isPresent()) {
                requireOne(
                        columns, groups.get().places().keySet(), select.GROUP().getSymbol(), "GROUP BY");
                requireOne(
                        columns,
                        groups.get().sessionKeys(),
                        select.GROUP().getSymbol(),
                        "PARTITION BY of a SessionWindow");
            }
        }
        if (!step.isEmpty()) {
            carry(
                    step,
                    names.stream()
                            .map(columns -> carried(select, sources, columns, rows))
                            .toList());
        }
    }

    private List<StreamScope.Column> columns(StreamQuery.Source source, int part, int name) {
        List<StreamScope.Column> columns = new ArrayList<>();
        carriers.getOrDefault(source.name(), Collections.nCopies(parts, List.of()))
                .get(name)
                .forEach(path -> columns.add(new StreamScope.Column(part, path)));
        return columns;
    }

    /** @param before columns of the sources before that have the name @return those of the joined one that always have it */
    private List<StreamScope.Column> join(
            StreamQuery.Join join,
            SelectContext select,
            List<StreamQuery.Source> sources,
            int part,
            int name,
            List<StreamScope.Column> before,
            StreamExpressions rows) {
        Token at = select.join(part - 1).getStart();
        if (join.kind() == StreamQuery.Join.Kind.REFERENCE) {
            throw Parsing.refuse(
                    at, "Reference data and substreams don't go together: leave OVER out, or join in a second job");
        }
        List<StreamScope.Column> columns = columns(sources.get(part), part, name);
        if (columns.stream().noneMatch(column -> before.stream().anyMatch(other -> rows.areJoined(column, other)))) {
            throw Parsing.refuse(
                    at, "Substreams are joined by what names them: add the equality of the columns of OVER to ON");
        }
        return join.outer() ? List.of() : columns;
    }

    private static void requireOne(
            List<StreamScope.Column> columns, @Nullable Set<String> keys, Token at, String where) {
        if (keys != null && columns.stream().noneMatch(column -> keys.contains(column.key()))) {
            String wanted = columns.isEmpty()
                    ? "the columns of OVER to what the step selects, and to "
                    : String.join(".", columns.getFirst().names()) + " to ";
            throw Parsing.refuse(at, "Each substream has its own time: add " + wanted + where);
        }
    }

    /** Which columns of the result have the name. */
    private static List<List<String>> carried(
            SelectContext select,
            List<StreamQuery.Source> sources,
            List<StreamScope.Column> columns,
            StreamExpressions rows) {
        return select.item().stream()
                .flatMap(item -> item.STAR() == null ? named(item, columns, rows) : all(item, sources, columns))
                .toList();
    }

    private static Stream<List<String>> named(
            StreamQueryParser.ItemContext item, List<StreamScope.Column> columns, StreamExpressions rows) {
        Optional<StreamQueryParser.PathContext> path = Sole.path(item.or());
        if (path.isEmpty() || columns.stream().noneMatch(column -> column.key().equals(rows.canonical(item.or())))) {
            return Stream.empty();
        }
        return Stream.of(
                List.of(StreamScope.name(item.name() == null ? path.get().name().getLast() : item.name())));
    }

    private static Stream<List<String>> all(
            StreamQueryParser.ItemContext item, List<StreamQuery.Source> sources, List<StreamScope.Column> columns) {
        return columns.stream()
                .filter(column -> item.name() == null
                        || StreamCompiler.lower(StreamScope.name(item.name()))
                                .equals(sources.get(column.part()).alias()))
                .map(StreamScope.Column::names)
                .filter(path -> !StreamQuery.METADATA.contains(path.getFirst()));
    }

    /** Of several selects of a step, what all have. */
    private void carry(String step, List<List<List<String>>> carried) {
        carriers.merge(step, carried, (before, more) -> {
            List<List<List<String>>> both = new ArrayList<>();
            for (int name = 0; name < parts; name++) {
                List<List<String>> of = more.get(name);
                both.add(before.get(name).stream().filter(of::contains).toList());
            }
            return both;
        });
    }
}
