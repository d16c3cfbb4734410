package io.muster.query;

import io.muster.query.grammar.QueryLexer;
import io.muster.query.grammar.QueryParser;
import java.util.Objects;
import java.util.function.Function;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.misc.ParseCancellationException;
import org.jspecify.annotations.Nullable;

/** From a text to what is compiled of it, within limits. */
final class Parsing {
    private static final int LONGEST = 8192;
    private static final int DEEPEST = 100;

    private Parsing() {}

    /**
     * @param compile takes the parser at the beginning of the text; it may {@link #refuse}
     * @throws QueryException when the text is refused; columns count from 1
     */
    static <T> T parse(String text, Function<QueryParser, T> compile) throws QueryException {
        if (text.length() > LONGEST) {
            throw new QueryException(1, 1, "The query is longer than " + LONGEST + " characters");
        }
        QueryLexer lexer = new QueryLexer(CharStreams.fromString(text));
        lexer.removeErrorListeners();
        CommonTokenStream tokens = new CommonTokenStream(lexer);
        rejectDepth(tokens);
        QueryParser parser = new QueryParser(tokens);
        parser.removeErrorListeners();
        parser.addErrorListener(new FirstError());
        try {
            return compile.apply(parser);
        } catch (ParseCancellationException e) {
            if (e.getCause() instanceof QueryException error) {
                throw error;
            }
            throw e;
        }
    }

    static ParseCancellationException refuse(Token token, String what) {
        return new ParseCancellationException(at(token, what));
    }

    /** Recursion follows nesting, and a text must not decide how deep the stack gets. */
    private static void rejectDepth(CommonTokenStream tokens) throws QueryException {
        tokens.fill();
        int depth = 0;
        int prefixes = 0;
        for (Token token : tokens.getTokens()) {
            String text = token.getText();
            if (text.equals("(") || text.equals("[")) {
                depth++;
            } else if (text.equals(")") || text.equals("]")) {
                depth--;
            }
            prefixes = token.getType() == QueryLexer.NOT
                            || token.getType() == QueryLexer.MINUS
                            || token.getType() == QueryLexer.PLUS
                    ? prefixes + 1
                    : 0;
            if (depth > DEEPEST || prefixes > DEEPEST) {
                throw at(token, "The query is nested deeper than " + DEEPEST + " levels");
            }
        }
    }

    private static QueryException at(Token token, String what) {
        return new QueryException(token.getLine(), token.getCharPositionInLine() + 1, what);
    }

    private static final class FirstError extends BaseErrorListener {
        @Override
        public void syntaxError(
                Recognizer<?, ?> recognizer,
                @Nullable Object offendingSymbol,
                int line,
                int charPositionInLine,
                String message,
                @Nullable RecognitionException e) {
            Token token = (Token) Objects.requireNonNull(offendingSymbol, "a parser names its token");
            String what = switch (token.getType()) {
                case Token.EOF -> "Unexpected end of the query";
                case QueryLexer.ORDER -> "ORDER BY is not supported: rows come in the order of their ids";
                default -> "Unexpected character at input '" + token.getText() + "'";
            };
            throw refuse(token, what);
        }
    }
}
