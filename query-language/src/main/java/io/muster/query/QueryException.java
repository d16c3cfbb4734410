package io.muster.query;

import java.io.Serial;

/** A text that is no condition or query. The message is what IoT Hub says, with line and column as its service counts them. */
public final class QueryException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    /** Characters of a sentence: a literal of the user's may be in it, and the remedy stands at its end. */
    private static final int LONGEST = 1000;

    private static final int LONGEST_END = 300;

    private final int line;
    private final int column;
    private final String what;

    QueryException(int line, int column, String what) {
        this.line = line;
        this.column = column;
        this.what = what.length() <= LONGEST
                ? what
                : what.substring(0, LONGEST - LONGEST_END) + " … " + what.substring(what.length() - LONGEST_END);
    }

    /** The same, for a text that stands behind so many characters in its first line. */
    QueryException behind(int characters) {
        return line == 1 ? new QueryException(line, column + characters, what) : this;
    }

    @Override
    public String getMessage() {
        return "SQL query parse failed due to following errors: Line " + line + ":" + column + " " + what;
    }

    /** Counted from 1. */
    public int line() {
        return line;
    }

    /** Counted from 1; of a condition in the first line as if it stood behind {@link Condition#PREFIX}. */
    public int column() {
        return column;
    }
}
