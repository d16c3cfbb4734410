package io.muster.query;

import java.io.Serial;

/** A text that is no condition. The message is what IoT Hub says, with line and column as its service counts them. */
public final class QueryException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    private final String sentence;
    private final int line;
    private final int column;

    QueryException(int line, int column, String what) {
        this.sentence = "SQL query parse failed due to following errors: Line " + line + ":" + column + " " + what;
        this.line = line;
        this.column = column;
    }

    @Override
    public String getMessage() {
        return sentence;
    }

    /** Counted from 1. */
    public int line() {
        return line;
    }

    /** Counted from 1; in the first line as if the text stood behind {@link Condition#PREFIX}. */
    public int column() {
        return column;
    }
}
