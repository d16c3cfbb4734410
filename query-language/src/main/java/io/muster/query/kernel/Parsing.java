package io.muster.query.kernel;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStream;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.Lexer;
import org.antlr.v4.runtime.Parser;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.TokenStream;
import org.antlr.v4.runtime.Vocabulary;
import org.antlr.v4.runtime.misc.ParseCancellationException;
import org.antlr.v4.runtime.tree.ErrorNode;
import org.antlr.v4.runtime.tree.ParseTreeListener;
import org.antlr.v4.runtime.tree.TerminalNode;
import org.jspecify.annotations.Nullable;

/** Parses and compiles a text of any dialect, within limits of its length and depth. A text never overflows the stack. */
public final class Parsing {
    /** Bounds how deep brackets and CASE are nested; a sign or NOT in front counts too. */
    private static final int DEEPEST = 50;

    /** Bounds how deep rules of a grammar call each other. A bracket is eight rules, from OR down to its content. */
    private static final int MOST_RULES = 12 * DEEPEST;

    private static final String TOO_DEEP = "The query is nested deeper than " + DEEPEST + " levels";

    private Parsing() {}

    /**
     * Names the parser of a dialect.
     *
     * @param longest how many characters a text may have
     * @param unexpected makes the message for a token that the grammar doesn't allow there
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
        try {
            Lexer lexer = dialect.lexer().apply(CharStreams.fromString(text));
            lexer.removeErrorListeners();
            CommonTokenStream tokens = new CommonTokenStream(lexer);
            rejectDepth(tokens, lexer.getVocabulary());
            P parser = dialect.parser().apply(tokens);
            parser.removeErrorListeners();
            parser.addErrorListener(new FirstError(dialect.unexpected()));
            parser.addParseListener(new Depth(parser));
            return compile.apply(parser);
        } catch (ParseCancellationException e) {
            if (e.getCause() instanceof QueryException error) {
                throw error;
            }
            throw e;
        } catch (StackOverflowError _) {
            throw new QueryException(1, 1, TOO_DEEP); // On a thread with a smaller stack than any that parses.
        }
    }

    /** Makes the exception that a compiler throws at a token that makes no sense. */
    public static ParseCancellationException refuse(Token token, String sentence) {
        return new ParseCancellationException(at(token, sentence));
    }

    /**
     * Rejects brackets in brackets before a parser looks ahead over them. It counts tokens by name: END closes the CASE that was opened
     * last, and is a name elsewhere.
     */
    private static void rejectDepth(CommonTokenStream tokens, Vocabulary words) throws QueryException {
        tokens.fill();
        Deque<String> open = new ArrayDeque<>();
        int prefixes = 0;
        for (Token token : tokens.getTokens()) {
            String word = Objects.requireNonNullElse(words.getSymbolicName(token.getType()), token.getText());
            prefixes = Set.of("NOT", "MINUS", "PLUS").contains(word) ? prefixes + 1 : 0;
            switch (word) {
                case "(", "[", "CASE" -> open.push(word);
                case ")", "]" -> open.poll();
                case "END" -> {
                    if ("CASE".equals(open.peek())) {
                        open.pop();
                    }
                }
                default -> {
                    // Nests nothing.
                }
            }
            if (open.size() > DEEPEST || prefixes > DEEPEST) {
                throw at(token, TOO_DEEP);
            }
        }
    }

    /** Rejects rules in rules: recursion follows nesting, and a text must not decide how deep the stack gets. */
    private static final class Depth implements ParseTreeListener {
        private final Parser parser;
        private int depth;

        private Depth(Parser parser) {
            this.parser = parser;
        }

        @Override
        public void enterEveryRule(ParserRuleContext rule) {
            if (++depth > MOST_RULES) {
                throw refuse(parser.getCurrentToken(), TOO_DEEP);
            }
        }

        @Override
        public void exitEveryRule(ParserRuleContext rule) {
            depth--;
        }

        @Override
        public void visitTerminal(TerminalNode leaf) {
            // Leaves add no depth.
        }

        @Override
        public void visitErrorNode(ErrorNode error) {
            // The first error ends the parsing.
        }
    }

    private static QueryException at(Token token, String sentence) {
        return new QueryException(token.getLine(), token.getCharPositionInLine() + 1, sentence);
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
