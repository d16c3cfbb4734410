package io.muster.query.odata;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Row;
import io.muster.query.odata.grammar.ODataLexer;
import io.muster.query.odata.grammar.ODataParser;
import java.util.Set;

/** Holds a compiled {@code $filter}. Immutable and thread-safe. Contract: batch, 3.4. */
public final class ODataFilter {
    private static final int LONGEST = 2000;
    private static final Parsing.Dialect<ODataParser> DIALECT = new Parsing.Dialect<>(
            LONGEST,
            ODataLexer::new,
            ODataParser::new,
            (token, _) -> "'" + token.getText() + "' is unexpected: write a comparison such as state eq 'active'");

    private final Expression expression;

    private ODataFilter(Expression expression) {
        this.expression = expression;
    }

    /**
     * Parses a filter.
     *
     * @param properties that rows have, with a slash between names of nested ones
     * @throws QueryException when the text is no filter, or names another property
     */
    public static ODataFilter parse(String text, Set<String> properties) throws QueryException {
        return new ODataFilter(Parsing.parse(
                text,
                DIALECT,
                parser -> new Compiler(properties).visit(parser.filter().or())));
    }

    /** Returns whether a row is selected. */
    public boolean matches(Row row) {
        return expression.evaluate(row) == Boolean.TRUE;
    }
}
