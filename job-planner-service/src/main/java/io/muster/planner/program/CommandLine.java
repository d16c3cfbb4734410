package io.muster.planner.program;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits the arguments of a run as a command line is split: at blanks outside of quotes. A backslash takes a quote or a backslash behind it literally,
 * where that is not within single quotes.
 */
public final class CommandLine {
    private static final char NONE = 0;

    private CommandLine() {}

    /** Returns the arguments. A quote that is never closed reaches to the end. */
    public static List<String> split(String text) {
        List<String> arguments = new ArrayList<>();
        StringBuilder argument = new StringBuilder();
        boolean begun = false;
        char quote = NONE;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean escapes = c == '\\' && quote != '\'' && i + 1 < text.length() && isSpecial(text.charAt(i + 1));
            if (escapes) {
                argument.append(text.charAt(++i));
                begun = true;
            } else if (quote == NONE && (c == '"' || c == '\'')) {
                quote = c;
                begun = true;
            } else if (c == quote) {
                quote = NONE;
            } else if (quote == NONE && Character.isWhitespace(c)) {
                if (begun) {
                    arguments.add(argument.toString());
                    argument.setLength(0);
                    begun = false;
                }
            } else {
                argument.append(c);
                begun = true;
            }
        }
        if (begun) {
            arguments.add(argument.toString());
        }
        return arguments;
    }

    private static boolean isSpecial(char c) {
        return c == '"' || c == '\'' || c == '\\';
    }
}
