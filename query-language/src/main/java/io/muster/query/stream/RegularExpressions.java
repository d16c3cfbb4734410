package io.muster.query.stream;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Finds what regular expressions of users match, by RE2/J: it reads a text once, so that a search takes the length of the text times the
 * size of the pattern at most, whatever the pattern is. Patterns are compiled once. Thread-safe. ADR 26.
 */
final class RegularExpressions {
    /** Bounds a pattern with its counted repetitions written out, as it is compiled. */
    static final int LARGEST = 10_000;

    private static final int MOST_KEPT = 100;

    /** Bounds the patterns that are kept: a longer one is compiled for each text. */
    private static final int LONGEST_KEPT = 1000;

    private static final Map<String, Pattern> KEPT = new LinkedHashMap<>(MOST_KEPT, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Pattern> eldest) {
            return size() > MOST_KEPT;
        }
    };

    private RegularExpressions() {}

    /**
     * Returns where the pattern matches first, whatever the case, counted from 0; -1 where it doesn't; empty where it is no pattern.
     *
     * @throws EvaluationException where the pattern is one that RE2 has no word for, or the search or the pattern is too large
     */
    static OptionalInt find(String text, String pattern) {
        Pattern compiled;
        try {
            compiled = compiled(pattern);
        } catch (PatternSyntaxException e) {
            if (isPattern(pattern)) {
                throw new EvaluationException(
                        "REGEXMATCH takes patterns of RE2, without lookahead, lookbehind, back references"
                                + " and counts over 1000: " + e.getDescription() + " '" + e.getPattern() + "'");
            }
            return OptionalInt.empty();
        } catch (StackOverflowError _) {
            throw tooLarge(); // Brackets in brackets.
        }
        StreamValues.rejectSearch("REGEXMATCH", text.length(), compiled.programSize());
        Matcher matcher = compiled.matcher(text);
        return OptionalInt.of(matcher.find() ? matcher.start() : -1);
    }

    private static Pattern compiled(String pattern) {
        synchronized (KEPT) {
            Pattern known = KEPT.get(pattern);
            if (known != null) {
                return known;
            }
        }
        rejectLarge(pattern);
        Pattern compiled = Pattern.compile(pattern, Pattern.CASE_INSENSITIVE);
        if (pattern.length() <= LONGEST_KEPT) {
            synchronized (KEPT) {
                KEPT.put(pattern, compiled);
            }
        }
        return compiled;
    }

    /** Returns whether another engine accepts it: then the answer is not that it is wrong. */
    private static boolean isPattern(String pattern) {
        try {
            java.util.regex.Pattern.compile(pattern);
            return true;
        } catch (java.util.regex.PatternSyntaxException e) {
            return e.getDescription().startsWith("Stack overflow"); // Brackets in brackets, read to no end.
        }
    }

    /**
     * Rejects what is too large once compiled: {@code ((a{1000}){1000}){1000}} is short and takes all memory. It is no parser, and counts too
     * much rather than too little: a count behind a group repeats all that stands before it.
     */
    private static void rejectLarge(String pattern) {
        long size = 0;
        for (int at = 0; at < pattern.length(); at++) {
            char c = pattern.charAt(at);
            char before = at == 0 ? ' ' : pattern.charAt(at - 1);
            if (c != '{') {
                size++;
            } else if (before == ')' || before == 'E') { // \E may end an empty quotation behind a group.
                size *= count(pattern, at + 1);
            } else {
                size += count(pattern, at + 1);
            }
            if (size > LARGEST) {
                throw tooLarge();
            }
        }
    }

    private static EvaluationException tooLarge() {
        return new EvaluationException(
                "REGEXMATCH takes patterns of up to " + LARGEST + " characters, with what {n} repeats written out");
    }

    /** Returns the largest number up to the next curly bracket, at least 1. */
    private static long count(String pattern, int from) {
        long most = 1;
        long number = 0;
        for (int at = from; at < pattern.length() && pattern.charAt(at) != '}'; at++) {
            char c = pattern.charAt(at);
            number = c >= '0' && c <= '9' ? Math.min(LARGEST + 1, number * 10 + c - '0') : 0;
            most = Math.max(most, number);
        }
        return most;
    }
}
