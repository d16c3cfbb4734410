package io.muster.api.surface.batch;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Leads the many paths of an account to one: {@code /jobs/…} without the account, whose words are in lower case. Contract: batch, "Router rule"; addresses, "Where each surface
 * answers".
 */
final class BatchPath {
    private static final Pattern HOST = Pattern.compile("([a-z0-9]{3,24})\\.(?:[a-z0-9-]+\\.)?batch\\..+");
    private static final Pattern FIRST = Pattern.compile(
            "/([a-z0-9]{3,24})\\.(?:[a-z0-9-]+\\.)?batch\\.azure\\.com(?=/|$)", Pattern.CASE_INSENSITIVE);
    /** Names the lists behind which an id stands. */
    private static final Set<String> LISTS =
            Set.of("pools", "nodes", "jobs", "tasks", "jobschedules", "applications", "extensions", "users");

    private BatchPath() {}

    /** Returns the account that a host name is of. @param host in lower case, without the port */
    static Optional<String> accountOfHost(String host) {
        Matcher matcher = HOST.matcher(host);
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    /** Returns the account that a path begins with, in lower case. */
    static Optional<String> accountOfPath(String path) {
        Matcher matcher = FIRST.matcher(path);
        return matcher.lookingAt() ? Optional.of(matcher.group(1).toLowerCase(Locale.ROOT)) : Optional.empty();
    }

    /** Returns the part of a path that names the account; empty where it names none. */
    static String prefix(String path) {
        Matcher matcher = FIRST.matcher(path);
        return matcher.lookingAt() ? matcher.group() : "";
    }

    /** Returns where a path leads. Ids, and what stands behind files, are the caller's. */
    static String lead(String path) {
        String below = path.substring(prefix(path).length());
        List<String> led = new ArrayList<>();
        boolean isId = false;
        for (String segment :
                below.isEmpty() ? List.<String>of() : List.of(below.substring(1).split("/", -1))) {
            boolean isFile = led.contains("files");
            String word = segment.toLowerCase(Locale.ROOT);
            led.add(isId || isFile ? segment : word);
            isId = !isId && !isFile && LISTS.contains(word);
        }
        return "/" + String.join("/", led);
    }
}
