package io.muster.query;

import java.util.Locale;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStream;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.Lexer;
import org.antlr.v4.runtime.Parser;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.TokenStream;
import org.antlr.v4.runtime.misc.ParseCancellationException;
import org.jspecify.annotations.Nullable;

/** From a text to what is compiled of it, within limits; both dialects go this way. */
public final class Parsing {
    private static final int DEEPEST = 50;

    private Parsing() {}

    /**
     * A dialect.
     *
     * @param longest how many characters a text may have
     * @param unexpected what to say of a token that has no place
     */
    public record Dialect<P extends Parser>(
            int longest,
            Function<CharStream, Lexer> lexer,
            Function<TokenStream, P> parser,
            BiFunction<Token, TokenStream, String> unexpected) {}

    /**
     * Parses and compiles.
     *
     * @param compile takes the parser at the beginning of the text; it may {@link #refuse}
     * @throws QueryException when the text is refused; columns count from 1
     */
    public static <P extends Parser, T> T parse(String text, Dialect<P> dialect, Function<P, T> compile)
            throws QueryException {
        if (text.length() > dialect.longest()) {
            throw new QueryException(1, 1, "The query is longer than " + dialect.longest() + " characters");
        }
        Lexer lexer = dialect.lexer().apply(CharStreams.fromString(text));
        lexer.removeErrorListeners();
        CommonTokenStream tokens = new CommonTokenStream(lexer);
        rejectDepth(tokens);
        P parser = dialect.parser().apply(tokens);
        parser.removeErrorListeners();
        parser.addErrorListener(new FirstError(dialect.unexpected()));
        try {
            return compile.apply(parser);
        } catch (ParseCancellationException e) {
            if (e.getCause() instanceof QueryException error) {
                throw error;
            }
            throw e;
        }
    }

    /** What a compiler throws at a token that makes no sense. */
    public static ParseCancellationException refuse(Token token, String what) {
        return new ParseCancellationException(at(token, what));
    }

    /** Recursion follows nesting, and a text must not decide how deep the stack gets. */
    private static void rejectDepth(CommonTokenStream tokens) throws QueryException {
        tokens.fill();
        int depth = 0;
        int prefixes = 0;
        for (Token token : tokens.getTokens()) {
            switch (token.getText().toUpperCase(Locale.ROOT)) {
                case "(", "[", "CASE" -> {
                    depth++;
                    prefixes = 0;
                }
                case ")", "]", "END" -> {
                    depth--;
                    prefixes = 0;
                }
                case "NOT", "-", "+" -> prefixes++;
                default -> prefixes = 0;
            }
            if (depth > DEEPEST || prefixes > DEEPEST) {
                throw at(token, "The query is nested deeper than " + DEEPEST + " levels");
            }
        }
    }

    private static QueryException at(Token token, String what) {
        return new QueryException(token.getLine(), token.getCharPositionInLine() + 1, what);
    }

    private static final class FirstError extends BaseErrorListener {
        private final BiFunction<Token, TokenStream, String> unexpected;

        private FirstError(BiFunction<Token, TokenStream, String> unexpected) {
            this.unexpected = unexpected;
        }

        @Override
        public void syntaxError(
                Recognizer<?, ?> recognizer,
                @Nullable Object offendingSymbol,
                int line,
                int charPositionInLine,
                String message,
                @Nullable RecognitionException e) {
            Token token = (Token) Objects.requireNonNull(offendingSymbol, "a parser names its token");
            throw refuse(
                    token,
                    token.getType() == Token.EOF
                            ? "Unexpected end of the query"
                            : unexpected.apply(token, ((Parser) recognizer).getInputStream()));
        }
    }
}
