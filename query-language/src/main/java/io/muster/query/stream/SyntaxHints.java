package io.muster.query.stream;

import io.muster.query.stream.grammar.StreamQueryLexer;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.TokenStream;
import org.antlr.v4.runtime.misc.Interval;

/** Explains tokens that the grammar doesn't allow: the feature that one belongs to, and the text to write instead. */
final class SyntaxHints {
    private static final String BITS = "There are no bit operators (& | ^ ~): give a function (UDF) the two numbers";
    private static final String MATCHING =
            "MATCH_RECOGNIZE isn't supported: read earlier events with LAG and LAST … OVER (LIMIT DURATION(…) WHEN …)";
    private static final String OTHER_JOINS = "A stream has JOIN and LEFT JOIN only: put the other source first";
    private static final String NO_COMMANDS = "A query reads and selects: it begins with WITH or SELECT";
    private static final String NO_SETS = "Streams are put together with UNION, and compared with JOIN";

    /** Maps tokens in upper case to hints. */
    private static final Map<String, String> FEATURES = Map.ofEntries(
            Map.entry("&", BITS),
            Map.entry("|", BITS),
            Map.entry("^", BITS),
            Map.entry("~", BITS),
            Map.entry("'", "The text that begins here has no end: close it with '"),
            Map.entry("\"", "The name that begins here has no end: close it with \""),
            Map.entry("[", "The name that begins here has no end: close it with ]"),
            Map.entry("!", "Write >= for !<, <= for !>, and NOT for !"),
            Map.entry(
                    "CREATE",
                    "CREATE isn't supported: the type of a column is what comes; write CAST or TRY_CAST where it matters"),
            Map.entry("DECLARE", NO_COMMANDS),
            Map.entry("SET", NO_COMMANDS),
            Map.entry("EXEC", NO_COMMANDS),
            Map.entry("INSERT", "Write SELECT … INTO output FROM input"),
            Map.entry("UPDATE", NO_COMMANDS),
            Map.entry("DELETE", NO_COMMANDS),
            Map.entry("DROP", NO_COMMANDS),
            Map.entry("ALTER", NO_COMMANDS),
            Map.entry("MERGE", NO_COMMANDS),
            Map.entry("MATCH_RECOGNIZE", MATCHING),
            Map.entry("ESCAPE", "LIKE has no ESCAPE: write the character in square brackets, such as [%]"),
            Map.entry(
                    "DISTINCT",
                    "There is no SELECT DISTINCT: GROUP BY the columns and a window, or count with COUNT(DISTINCT x)"),
            Map.entry("RIGHT", OTHER_JOINS),
            Map.entry("FULL", OTHER_JOINS),
            Map.entry("EXCEPT", NO_SETS),
            Map.entry("INTERSECT", NO_SETS),
            Map.entry("EXISTS", "There are no sub-queries: JOIN the other source, or write a step of WITH"),
            Map.entry("OFFSET", "A stream has no pages: leave OFFSET out"),
            Map.entry("FETCH", "A stream has no pages: leave FETCH out"),
            Map.entry("PIVOT", "PIVOT isn't supported: write an aggregate of CASE for each column"),
            Map.entry("UNPIVOT", "UNPIVOT isn't supported: write CROSS APPLY GetRecordProperties(x) AS p"));

    private static final Set<String> OF_PLACES = Set.of("CREATEPOINT", "CREATELINESTRING", "CREATEPOLYGON");

    private static final Set<String> BEFORE_A_NAME = Set.of(
            "SELECT", ",", ".", "FROM", "JOIN", "INTO", "AS", "(", "BY", "WHERE", "AND", "OR", "ON", "WHEN", "=");

    private SyntaxHints() {}

    /** Returns the message for a token. @param tokens at it */
    static String at(Token token, TokenStream tokens) {
        String text = token.getText();
        String word = text.toUpperCase(Locale.ROOT);
        String before = near(tokens, token.getTokenIndex() - 1);
        String behind = near(tokens, token.getTokenIndex() + 1);
        if (word.equals("ORDER") && behind.equals("BY")) {
            return "A stream has no ORDER BY: rows come by time; for the first of a window use TopOne() or CollectTop(n) OVER (ORDER BY …)";
        }
        if (word.equals("SELECT") && before.equals("(")) {
            return "There are no sub-queries: write the inner SELECT as a step, WITH name AS (SELECT …), and read from it";
        }
        if (word.equals("(") && Set.of("FROM", "JOIN").contains(before)) {
            return "A source is the name of an input or of a step: write the part in brackets as a step of WITH";
        }
        if (Set.of("INTO", ",").contains(word) && isBehindPartition(token, tokens)) {
            return "PARTITION BY takes one column, and no INTO with a count";
        }
        if (word.equals("INTO")) {
            return "INTO belongs between the columns and FROM: SELECT … INTO output FROM input";
        }
        if (Set.of("RIGHT", "FULL").contains(before) && Set.of("JOIN", "OUTER").contains(word)) {
            return OTHER_JOINS;
        }
        if (word.equals(",")
                && before.chars().allMatch(Character::isDigit)
                && near(tokens, token.getTokenIndex() - 2).equals("(")) {
            return "A type has no scale: use bigint, float, nvarchar(max), datetime, bit, record or array";
        }
        if (word.equals("*") && before.equals(".")) {
            return "* of a record isn't supported: name its members, such as " + path(token, tokens) + ".x";
        }
        if (token.getType() == StreamQueryLexer.TEXT
                && Set.of("AS", "FROM", "JOIN", "INTO", ".").contains(before)) {
            return "A name is no text: write [" + text.substring(text.indexOf('\'') + 1, text.length() - 1) + "]";
        }
        Optional<String> feature = feature(word.equals("(") ? before : word); // MATCH_RECOGNIZE was taken for an alias.
        if (feature.isPresent()) {
            return feature.get();
        }
        if (isKeyword(token) && BEFORE_A_NAME.contains(before)) {
            return "'" + text + "' is a keyword: write [" + text + "] where it is a name";
        }
        return "'" + text
                + "' has no place here: a query is [WITH step AS (SELECT …)] SELECT … [INTO output] FROM input [JOIN …]"
                + " [WHERE …] [GROUP BY … a window] [HAVING …]";
    }

    /** Returns the error for a word in the place of an alias that belongs to a feature that isn't supported; empty otherwise. */
    static Optional<String> feature(String alias) {
        return Optional.ofNullable(FEATURES.get(alias.toUpperCase(Locale.ROOT)));
    }

    /** Returns the error for a function that isn't supported though Stream Analytics has it; empty otherwise. */
    static Optional<String> function(String name) {
        String word = name.toUpperCase(Locale.ROOT);
        String remedy = word.startsWith("ANOMALYDETECTION")
                ? "compare with AVG and STDEV … OVER (LIMIT DURATION(second, 120)), or give a function (UDF) what Collect() collects"
                : word.startsWith("ST_") || OF_PLACES.contains(word)
                        ? "give a function (UDF) the coordinates"
                        : word.equals("GETMETADATAPROPERTYVALUE")
                                ? "write the column, such as IoTHub.ConnectionDeviceId"
                                : "";
        return remedy.isEmpty() ? Optional.empty() : Optional.of("'" + name + "' isn't supported: " + remedy);
    }

    private static String near(TokenStream tokens, int place) {
        return place < 0 || place >= tokens.size()
                ? ""
                : tokens.get(place).getText().toUpperCase(Locale.ROOT);
    }

    /** Returns the names before a dot and a token, with dots between them, as they are written. */
    private static String path(Token token, TokenStream tokens) {
        int last = token.getTokenIndex() - 2;
        int first = last;
        while (near(tokens, first - 1).equals(".")) {
            first -= 2;
        }
        return tokens.getText(Interval.of(first, last));
    }

    private static boolean isBehindPartition(Token token, TokenStream tokens) {
        for (int place = token.getTokenIndex() - 1; place >= 0 && place > token.getTokenIndex() - 6; place--) {
            if (near(tokens, place).equals("BY")) {
                return near(tokens, place - 1).equals("PARTITION");
            }
        }
        return false;
    }

    /** Returns whether a token is a word of the grammar: its characters are letters, as those of a name, which has a type of its own. */
    private static boolean isKeyword(Token token) {
        return token.getType() != StreamQueryLexer.IDENTIFIER
                && token.getText().chars().allMatch(c -> Character.isLetter(c) || c == '_');
    }
}
