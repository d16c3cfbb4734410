package io.muster.query.stream;

import io.muster.query.kernel.Literals;
import io.muster.query.kernel.Parsing;
import io.muster.query.stream.grammar.StreamQueryLexer;
import io.muster.query.stream.grammar.StreamQueryParser;
import java.util.Optional;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.tree.ParseTree;

/** Returns the values of constants. */
final class StreamLiterals {
    private static final int DECIMAL = 10;

    private StreamLiterals() {}

    /** Returns the constant that the expression is, with its sign; empty where it is none, and for a minus before what is no number. */
    static Optional<Object> constant(ParserRuleContext expression) {
        ParseTree at = expression;
        boolean negative = false;
        while (!(at instanceof StreamQueryParser.ConstantContext)) {
            if (at instanceof StreamQueryParser.UnaryContext unary && unary.unary() != null) {
                negative ^= unary.MINUS() != null;
                at = unary.unary();
            } else if (at.getChildCount() == 1) {
                at = at.getChild(0);
            } else {
                return Optional.empty();
            }
        }
        Object value = value(((StreamQueryParser.ConstantContext) at).literal());
        if (!negative) {
            return Optional.of(value);
        }
        return value instanceof Number ? Optional.of(StreamValues.arithmetic('-', 0L, value)) : Optional.empty();
    }

    static Object value(StreamQueryParser.LiteralContext literal) {
        Token token = literal.getStart();
        String text = token.getText();
        return switch (token.getType()) {
            case StreamQueryLexer.NULL -> StreamValues.NULL;
            case StreamQueryLexer.TEXT -> Literals.quoted(text);
            case StreamQueryLexer.INTEGER -> {
                Number whole = Literals.whole(text, DECIMAL);
                yield whole instanceof Long ? whole : real(token, whole.doubleValue());
            }
            default -> real(token, Double.parseDouble(text));
        };
    }

    private static Object real(Token token, double value) {
        if (Double.isInfinite(value)) {
            throw Parsing.refuse(token, "The number is beyond what a float can hold");
        }
        return value;
    }
}
