package io.muster.query.kernel;

import java.io.Serial;

/** Reports a text that makes no sense in its dialect. The message names the line, the column, the reason and a remedy. */
public final class QueryException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    /** Bounds a sentence, which may quote a literal of the user's; its end names the remedy. */
    private static final int LONGEST = 1000;

    private static final int LONGEST_END = 300;

    private final int line;
    private final int column;
    private final String sentence;

    /** Reports a sentence about a place in the text; the middle of a very long one is left out. @param line from 1 @param column from 1 */
    public QueryException(int line, int column, String sentence) {
        this.line = line;
        this.column = column;
        this.sentence = sentence.length() <= LONGEST
                ? sentence
                : sentence.substring(0, LONGEST - LONGEST_END) + " … "
                        + sentence.substring(sentence.length() - LONGEST_END);
    }

    /** Returns the same for a text that follows so many characters in its first line. */
    public QueryException behind(int characters) {
        return line == 1 ? new QueryException(line, column + characters, sentence) : this;
    }

    @Override
    public String getMessage() {
        return "SQL query parse failed due to following errors: Line " + line + ":" + column + " " + sentence;
    }

    /** Returns the reason and the remedy, without the place. */
    public String sentence() {
        return sentence;
    }

    /** Returns the line, from 1. */
    public int line() {
        return line;
    }

    /** Returns the column, from 1. */
    public int column() {
        return column;
    }
}
