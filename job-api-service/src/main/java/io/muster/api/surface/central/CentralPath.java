package io.muster.api.surface.central;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Leads the spellings of a path to one: words are as the contract writes them, in whatever case the client did; ids are the client's. Contract: iot-central, "Router rule". */
final class CentralPath {
    private static final String API = "/api";
    private static final Map<String, String> WORDS = Stream.of(
                    "api",
                    "apiTokens",
                    "deviceGroups",
                    "deviceTemplates",
                    "devices",
                    "credentials",
                    "jobs",
                    "missed",
                    "rerun",
                    "resume",
                    "scheduledJobs",
                    "stop")
            .collect(Collectors.toUnmodifiableMap(word -> word.toLowerCase(Locale.ROOT), Function.identity()));

    private CentralPath() {}

    static boolean isBelowApi(String path) {
        return path.regionMatches(true, 0, API, 0, API.length())
                && (path.length() == API.length() || path.charAt(API.length()) == '/');
    }

    /** Returns where a path leads: behind {@code /api} a list stands, an id, a word, an id. */
    static String lead(String path) {
        List<String> led = new ArrayList<>();
        for (String segment : path.substring(1).split("/", -1)) {
            boolean isWord = led.size() != 2 && led.size() != 4;
            led.add(
                    isWord
                            ? WORDS.getOrDefault(segment.toLowerCase(Locale.ROOT), segment)
                            // Routes would take what follows for a parameter: ids of templates have one.
                            : segment.replace(";", "%3B"));
        }
        return "/" + String.join("/", led);
    }
}
