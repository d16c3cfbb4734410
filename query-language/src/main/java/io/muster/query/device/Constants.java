package io.muster.query.device;

import io.muster.query.device.grammar.QueryLexer;
import io.muster.query.device.grammar.QueryParser;
import io.muster.query.kernel.Literals;
import io.muster.query.kernel.Parsing;
import io.muster.query.kernel.Values;
import java.util.ArrayList;
import java.util.List;
import org.antlr.v4.runtime.Token;

/** Returns the values of constants. */
final class Constants {
    private static final int HEX = 16;
    private static final int DECIMAL = 10;
    private static final int UNICODE_DIGITS = 4;

    private Constants() {}

    /** Returns the values of a list, in a list of its own. */
    static List<Object> values(QueryParser.ListContext list) {
        return values(list.array() == null ? list.element() : list.array().element());
    }

    static List<Object> values(List<QueryParser.ElementContext> elements) {
        List<Object> values = new ArrayList<>();
        elements.forEach(element -> values.add(value(element)));
        return values;
    }

    private static Object value(QueryParser.ElementContext element) {
        Object value = value(element.literal());
        boolean signed = element.PLUS() != null || element.MINUS() != null;
        if (!signed) {
            return value;
        }
        if (!(value instanceof Number number)) {
            throw Parsing.refuse(element.getStart(), "Only a number has a sign");
        }
        return element.MINUS() == null ? number : negated(number);
    }

    private static Number negated(Number number) {
        return number instanceof Long whole ? (Number) (-whole) : (Number) (-number.doubleValue());
    }

    static Object value(QueryParser.LiteralContext literal) {
        Token token = literal.getStart();
        String text = token.getText();
        return switch (token.getType()) {
            case QueryLexer.TRUE -> Boolean.TRUE;
            case QueryLexer.FALSE -> Boolean.FALSE;
            case QueryLexer.NULL -> Values.NULL;
            case QueryLexer.UNDEFINED -> Values.UNDEFINED;
            case QueryLexer.TEXT -> unescaped(text.substring(1, text.length() - 1));
            case QueryLexer.HEX -> Literals.whole(text.substring(2), HEX);
            case QueryLexer.INTEGER -> Literals.whole(text, DECIMAL);
            default -> Double.valueOf(text);
        };
    }

    private static String unescaped(String text) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            char escaped = text.charAt(++i);
            switch (escaped) {
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'u' -> {
                    out.append((char) Integer.parseInt(text.substring(i + 1, i + 1 + UNICODE_DIGITS), HEX));
                    i += UNICODE_DIGITS;
                }
                default -> out.append(escaped);
            }
        }
        return out.toString();
    }
}
