package io.muster.document;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.regex.Pattern;

/** Says what is wrong with a text that is no JSON, in words for whoever wrote it: without the parser's own speak of its places, classes and options. */
public final class JsonFault {
    private static final Pattern SOURCE = Pattern.compile("\\[Source: [^;\\]]*; ");
    private static final Pattern OPTION = Pattern.compile(
            ": enable `[^`]*` to allow|, from `[^`]*`| \\(not recognized as one since Feature [^)]*\\)");
    private static final Pattern TRAILING = Pattern.compile("Trailing token \\(.*");
    private static final Pattern JOINED = Pattern.compile("end-of-input(?=[A-Za-z])");

    private JsonFault() {}

    /** Returns the parser's sentence, in one line and without an end. */
    public static String of(IOException fault) {
        String message = String.valueOf(
                fault instanceof JsonProcessingException json ? json.getOriginalMessage() : fault.getMessage());
        String line = message.lines().findFirst().orElse("");
        line = SOURCE.matcher(line).replaceAll("[");
        line = OPTION.matcher(line).replaceAll("");
        line = TRAILING.matcher(line).replaceAll("Something follows the JSON value");
        return JOINED.matcher(line).replaceAll("end-of-input: ");
    }
}
