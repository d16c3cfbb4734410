package io.muster.query.odata;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Row;
import io.muster.query.odata.grammar.ODataLexer;
import io.muster.query.odata.grammar.ODataParser;
import java.util.Map;

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

    /** Names what values a property has. */
    public enum Type {
        TEXT("a text, such as 'active'"),
        NUMBER("a number, such as 3"),
        TIME("a time, such as datetime'2026-11-21T02:25:16Z'"),
        FLAG("true or false"),
        /** Is compared with anything. */
        ANY("a value");

        private final String words;

        Type(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }

        boolean comparesWith(Type other) {
            return this == ANY || other == ANY || this == other;
        }
    }

    /**
     * Parses a filter.
     *
     * @param properties that rows have, with a slash between names of nested ones
     * @throws QueryException when the text is no filter, names another property, or compares one with a value of another type
     */
    public static ODataFilter parse(String text, Map<String, Type> properties) throws QueryException {
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
