package io.muster.query.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Matches a pattern of LIKE: {@code %} any text, {@code _} one character, {@code [a-f]} and {@code [^a-f]} one of a set, whatever the case. The
 * pattern is cut at its {@code %} into parts, each of which is searched for once, behind the part before: a text costs at most its length times the
 * length of the pattern.
 */
final class Like {
    /** Bounds a pattern as T-SQL does. */
    static final int LONGEST = 4000;

    /** Matches one character: pairs of the first and the last character of a range. */
    private record One(String ranges, boolean inside) {
        private static final One ANY = new One("", false);

        boolean takes(char c) {
            return (isWithin(c) || isWithin(Character.toLowerCase(c)) || isWithin(Character.toUpperCase(c))) == inside;
        }

        private boolean isWithin(char c) {
            for (int i = 0; i < ranges.length(); i += 2) {
                if (c >= ranges.charAt(i) && c <= ranges.charAt(i + 1)) {
                    return true;
                }
            }
            return false;
        }
    }

    /** Holds the parts between two {@code %}, before the first and behind the last; some are empty. */
    private final List<List<One>> parts;

    private final int length;

    private Like(List<List<One>> parts, int length) {
        this.parts = parts;
        this.length = length;
    }

    /** Returns what is wrong with a pattern that {@link #of} doesn't take. @param function whose pattern it is */
    static String wrong(String function) {
        return "The pattern of " + function + " is wrong: a set is written [a-f], and a pattern has up to " + LONGEST
                + " characters";
    }

    /** Compiles a pattern; empty where it is longer than {@link #LONGEST}, or a set in it runs backwards. */
    static Optional<Like> of(String pattern) {
        if (pattern.length() > LONGEST) {
            return Optional.empty();
        }
        List<List<One>> parts = new ArrayList<>();
        parts.add(new ArrayList<>());
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            int end = c == '[' ? pattern.indexOf(']', i + 2) : -1;
            if (c == '%') {
                parts.add(new ArrayList<>());
            } else if (c == '_') {
                parts.getLast().add(One.ANY);
            } else if (end > 0) {
                Optional<One> set = set(pattern.substring(i + 1, end));
                if (set.isEmpty()) {
                    return Optional.empty();
                }
                parts.getLast().add(set.get());
                i = end;
            } else {
                parts.getLast().add(new One("" + c + c, true));
            }
        }
        return Optional.of(new Like(parts, pattern.length()));
    }

    private static Optional<One> set(String content) {
        boolean not = content.startsWith("^");
        StringBuilder ranges = new StringBuilder();
        for (int i = not ? 1 : 0; i < content.length(); i++) {
            char from = content.charAt(i);
            boolean isRange = i + 2 < content.length() && content.charAt(i + 1) == '-';
            char to = isRange ? content.charAt(i + 2) : from;
            if (to < from) {
                return Optional.empty();
            }
            ranges.append(from).append(to);
            i += isRange ? 2 : 0;
        }
        return Optional.of(new One(ranges.toString(), !not));
    }

    /** Returns whether it is the whole text. @throws EvaluationException where text and pattern are too long together */
    boolean matches(String text) {
        StreamValues.rejectSearch("LIKE", text.length(), length);
        return isWhole(text);
    }

    private boolean isWhole(String text) {
        List<One> first = parts.getFirst();
        return stands(first, text, 0)
                && (parts.size() == 1 ? text.length() == first.size() : restMatches(text, first.size()));
    }

    /**
     * Returns where it begins in the text, counted from 1; 0 where it is not in it.
     *
     * @throws EvaluationException where text and pattern are too long together
     */
    long indexIn(String text) {
        StreamValues.rejectSearch("PATINDEX", text.length(), length);
        int begin = 0;
        while (begin < parts.size() - 1 && parts.get(begin).isEmpty()) {
            begin++;
        }
        if (begin == 0) {
            return isWhole(text) ? 1 : 0;
        }
        if (parts.get(begin).isEmpty()) {
            return 1; // Nothing but %.
        }
        boolean ends = begin == parts.size() - 1; // Only at the end of the text.
        int at = ends ? text.length() - parts.getLast().size() : find(parts.get(begin), text, 0);
        boolean found = at >= 0 && (ends ? stands(parts.getLast(), text, at) : restMatches(text, 0));
        return found ? at + 1L : 0;
    }

    /** Finds all parts but the first, each behind the one before, and the last at the end. */
    private boolean restMatches(String text, int from) {
        int at = from;
        for (List<One> part : parts.subList(1, parts.size() - 1)) {
            int found = find(part, text, at);
            if (found < 0) {
                return false;
            }
            at = found + part.size();
        }
        int last = text.length() - parts.getLast().size();
        return last >= at && stands(parts.getLast(), text, last);
    }

    private static int find(List<One> part, String text, int from) {
        for (int at = from; at <= text.length() - part.size(); at++) {
            if (stands(part, text, at)) {
                return at;
            }
        }
        return -1;
    }

    private static boolean stands(List<One> part, String text, int at) {
        if (at < 0 || at + part.size() > text.length()) {
            return false;
        }
        for (int i = 0; i < part.size(); i++) {
            if (!part.get(i).takes(text.charAt(at + i))) {
                return false;
            }
        }
        return true;
    }
}
