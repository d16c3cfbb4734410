package io.muster.query.stream;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A pattern of LIKE: {@code %} any text, {@code _} one character, {@code [a-f]} and {@code [^a-f]} one of a set. Case counts. */
final class Like {
    private final Pattern whole;
    private final Pattern part;

    private Like(Pattern whole, Pattern part) {
        this.whole = whole;
        this.part = part;
    }

    static Like of(String pattern) {
        String regex = regex(pattern);
        String inside = regex(pattern.replaceAll("^%+|%+$", ""));
        String before = pattern.startsWith("%") ? "" : "^";
        String behind = pattern.endsWith("%") ? "" : "$";
        return new Like(
                Pattern.compile(regex, Pattern.DOTALL), Pattern.compile(before + inside + behind, Pattern.DOTALL));
    }

    private static String regex(String pattern) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            int end = c == '[' ? pattern.indexOf(']', i + 2) : -1;
            if (c == '%') {
                regex.append(".*");
            } else if (c == '_') {
                regex.append('.');
            } else if (end > 0) {
                String set = pattern.substring(i + 1, end);
                boolean not = set.startsWith("^");
                regex.append(not ? "[^" : "[");
                regex.append((not ? set.substring(1) : set)
                        .replace("\\", "\\\\")
                        .replace("[", "\\[")
                        .replace("&&", "&\\&"));
                regex.append(']');
                i = end;
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return regex.toString();
    }

    boolean matches(String text) {
        return whole.matcher(text).matches();
    }

    /** Counts from 1; 0 where it is not in the text. */
    Object indexIn(String text) {
        Matcher matcher = part.matcher(text);
        return matcher.find() ? matcher.start() + 1L : 0L;
    }
}
