package io.muster.query.stream;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Finds what regular expressions of users match. Java's engine goes back over the text as often as a pattern makes it: it is stopped after
 * {@link #MOST_STEPS}. Patterns are compiled once. Thread-safe.
 */
final class RegularExpressions {
    /** How many characters of a text one search may look at, again and again. */
    static final int MOST_STEPS = 10_000_000;

    private static final int MOST_KEPT = 100;

    /** One that is longer is compiled for each text: what is kept is small. */
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
     * Returns where the pattern matches first, whatever the case, or -1.
     *
     * @throws PatternSyntaxException where it is no pattern
     * @throws EvaluationException where the search takes too many steps
     */
    static int find(String text, String pattern) {
        try {
            Matcher matcher = compiled(pattern).matcher(new Counted(text));
            return matcher.find() ? matcher.start() : -1;
        } catch (TooManyStepsException | StackOverflowError _) {
            throw new EvaluationException("REGEXMATCH takes more than " + MOST_STEPS
                    + " steps: write a pattern without repetitions in repetitions");
        }
    }

    private static Pattern compiled(String pattern) {
        synchronized (KEPT) {
            Pattern known = KEPT.get(pattern);
            if (known != null) {
                return known;
            }
        }
        Pattern compiled = Pattern.compile(pattern, Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
        if (pattern.length() <= LONGEST_KEPT) {
            synchronized (KEPT) {
                KEPT.put(pattern, compiled);
            }
        }
        return compiled;
    }

    private static final class TooManyStepsException extends RuntimeException {
        private static final long serialVersionUID = 1;

        private TooManyStepsException() {
            super(null, null, false, false);
        }
    }

    /** A text that counts how often it is looked at. */
    private static final class Counted implements CharSequence {
        private final String text;
        private int left = MOST_STEPS;

        private Counted(String text) {
            this.text = text;
        }

        @Override
        public char charAt(int index) {
            if (--left < 0) {
                throw new TooManyStepsException();
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
