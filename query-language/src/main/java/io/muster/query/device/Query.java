package io.muster.query.device;

import io.muster.query.device.grammar.QueryLexer;
import io.muster.query.device.grammar.QueryParser;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.QueryException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.tree.TerminalNode;
import org.jspecify.annotations.Nullable;

/**
 * Holds a compiled query: {@code SELECT … FROM … WHERE … GROUP BY …}. Immutable and thread-safe. Contract: iot-hub, 3.1 to 3.3.
 *
 * @param top the most rows, over all pages; empty for all
 */
public record Query(Source source, Selection selection, Condition condition, OptionalInt top) {
    /** Bounds the characters of a query, and of a condition. */
    public static final int LONGEST = 8192;

    static final Parsing.Dialect<QueryParser> DIALECT = new Parsing.Dialect<>(
            LONGEST,
            QueryLexer::new,
            QueryParser::new,
            (token, _) -> token.getText().equalsIgnoreCase("ORDER")
                    ? "ORDER BY is not supported: rows come in the order of their ids"
                    : "Unexpected character at input '" + token.getText() + "'");

    /**
     * Parses a query.
     *
     * @throws QueryException when the text is no query; the message says where and why
     */
    public static Query parse(String text) throws QueryException {
        return Parsing.parse(text, DIALECT, parser -> of(parser.query()));
    }

    private static Query of(QueryParser.QueryContext query) {
        @Nullable TerminalNode alias = query.IDENTIFIER();
        Scope scope = Scope.of(query.path(), alias == null ? null : alias.getText());
        return new Query(
                scope.source(),
                new Selected(scope).of(query),
                Compiler.condition(query.or(), scope),
                query.TOP() == null
                        ? OptionalInt.empty()
                        : OptionalInt.of(rows(query.INTEGER().getSymbol())));
    }

    private static int rows(Token token) {
        try {
            return Integer.parseInt(token.getText());
        } catch (NumberFormatException e) {
            throw Parsing.refuse(token, "TOP takes a number up to " + Integer.MAX_VALUE);
        }
    }

    /** Compiles the list behind SELECT. */
    private static final class Selected {
        private final Scope scope;
        private final Set<String> names = new HashSet<>();

        private Selected(Scope scope) {
            this.scope = scope;
        }

        private Selection of(QueryParser.QueryContext query) {
            List<Path> keys = query.groups() == null
                    ? List.of()
                    : query.groups().path().stream()
                            .map(path -> Path.of(path, scope))
                            .toList();
            boolean grouped =
                    query.groups() != null || query.item().stream().anyMatch(item -> item.aggregate() != null);
            if (query.item().isEmpty()) {
                if (grouped) {
                    throw Parsing.refuse(
                            query.groups().getStart(), "SELECT * makes no groups: name the members of GROUP BY");
                }
                return new Selection.Whole();
            }
            return grouped ? groups(query, keys) : columns(query);
        }

        private Selection columns(QueryParser.QueryContext query) {
            List<Selection.Column> columns = new ArrayList<>();
            for (QueryParser.ItemContext item : query.item()) {
                Path path = Path.of(item.path(), scope);
                columns.add(new Selection.Column(name(item, path.lastName()), path));
            }
            return new Selection.Columns(List.copyOf(columns));
        }

        private Selection groups(QueryParser.QueryContext query, List<Path> keys) {
            List<Groups.Aggregate> aggregates = new ArrayList<>();
            List<Groups.Output> outputs = new ArrayList<>();
            for (QueryParser.ItemContext item : query.item()) {
                if (item.aggregate() != null) {
                    Groups.Aggregate aggregate = aggregate(item.aggregate());
                    String name = name(item, aggregate.function().name().toLowerCase(Locale.ROOT));
                    outputs.add(new Groups.Output(name, -1, aggregates.size()));
                    aggregates.add(aggregate);
                } else {
                    Path path = Path.of(item.path(), scope);
                    int key = keys.indexOf(path);
                    if (key < 0) {
                        throw Parsing.refuse(
                                item.path().getStart(),
                                "'" + item.path().getText() + "' is neither aggregated nor a member of GROUP BY");
                    }
                    outputs.add(new Groups.Output(name(item, path.lastName()), key, -1));
                }
            }
            return new Selection.Grouped(new Groups(keys, aggregates, outputs));
        }

        private Groups.Aggregate aggregate(QueryParser.AggregateContext aggregate) {
            Token name = aggregate.IDENTIFIER().getSymbol();
            Groups.Function function = null;
            for (Groups.Function known : Groups.Function.values()) {
                if (known.name().equalsIgnoreCase(name.getText())) {
                    function = known;
                }
            }
            if (function == null) {
                throw Parsing.refuse(name, "There is no aggregate '" + name.getText() + "': COUNT, SUM, AVG, MIN, MAX");
            }
            if (aggregate.path() != null) {
                return new Groups.Aggregate(function, Path.of(aggregate.path(), scope));
            }
            if (function != Groups.Function.COUNT) {
                throw Parsing.refuse(name, function + " takes the path of a member");
            }
            return new Groups.Aggregate(function, _ -> Boolean.TRUE);
        }

        private String name(QueryParser.ItemContext item, String otherwise) {
            String name =
                    item.name() == null ? otherwise : Path.name(item.name().getStart());
            if (!names.add(name)) {
                throw Parsing.refuse(item.getStart(), "Two members are called '" + name + "': name one with AS");
            }
            return name;
        }
    }
}
