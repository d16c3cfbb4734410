package io.muster.query;

import io.muster.query.grammar.QueryLexer;
import io.muster.query.grammar.QueryParser;
import java.util.Optional;
import java.util.Set;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.misc.ParseCancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The {@code WHERE} part of a query over devices, compiled. Immutable and thread-safe. Contract: iot-hub, 3.1 to 3.4.
 */
public final class Condition {
    /** What IoT Hub's service puts before a job's condition; columns in errors count it. */
    public static final String PREFIX = "SELECT * FROM devices WHERE ";

    private static final int LONGEST = 8192;
    private static final int DEEPEST = 100;

    private final Expression expression;
    private final @Nullable Set<String> deviceIds;

    private Condition(Expression expression, @Nullable Set<String> deviceIds) {
        this.expression = expression;
        this.deviceIds = deviceIds;
    }

    /** @throws QueryException when the text is no condition; the message says where and why */
    public static Condition parse(String text) throws QueryException {
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
            Compiler compiler = new Compiler();
            QueryParser.ConditionContext tree = parser.condition();
            return new Condition(compiler.compile(tree), DeviceIds.of(tree));
        } catch (ParseCancellationException e) {
            if (e.getCause() instanceof QueryException error) {
                throw error;
            }
            throw e;
        }
    }

    /** Whether the row is selected: the value is true, and not merely defined. */
    public boolean matches(Row row) {
        return expression.evaluate(row) == Boolean.TRUE;
    }

    /** If present, no device outside the set can match: it may be looked up instead of searched for. */
    public Optional<Set<String>> deviceIds() {
        return Optional.ofNullable(deviceIds);
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

    static QueryException at(Token token, String what) {
        int column = token.getCharPositionInLine() + 1;
        return new QueryException(token.getLine(), token.getLine() == 1 ? column + PREFIX.length() : column, what);
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
            Token token = (Token) java.util.Objects.requireNonNull(offendingSymbol, "a parser names its token");
            String what = token.getType() == Token.EOF
                    ? "Unexpected end of the query"
                    : "Unexpected character at input '" + token.getText() + "'";
            throw new ParseCancellationException(at(token, what));
        }
    }
}
