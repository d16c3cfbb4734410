package io.muster.document;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.regex.Pattern;

/** Says what is wrong with a text that is no JSON, in words for whoever wrote it: the parser's own speak of its places and options. */
public final class JsonFault {
    private static final Pattern SOURCE = Pattern.compile("\\[Source: [^;\\]]*; ");
    private static final Pattern OPTION = Pattern.compile(": enable `[^`]*` to allow");

    private JsonFault() {}

    /** Returns the parser's sentence, in one line and without an end. */
    public static String of(IOException fault) {
        String message = String.valueOf(
                fault instanceof JsonProcessingException json ? json.getOriginalMessage() : fault.getMessage());
        String line = message.lines().findFirst().orElse("");
        return OPTION.matcher(SOURCE.matcher(line).replaceAll("[")).replaceAll("");
    }
}
