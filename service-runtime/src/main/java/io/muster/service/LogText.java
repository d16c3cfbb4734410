package io.muster.service;

/** Makes text of strangers fit for a log. */
public final class LogText {
    private static final int LONGEST = 256;

    private LogText() {}

    /** Returns the text on one line, without control characters, and cut where it is long. */
    public static String of(String text) {
        String cut = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
        return cut.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
    }
}
