package io.muster.api.surface.webjobs;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Leads the many paths of a site's Kudu to one: {@code /{site}.scm.azurewebsites.net/…} in lower case, but for names. Segments are the same in any case. Contract:
 * webjobs-and-schedules, 2.1; addresses, "Where each surface answers".
 */
final class KuduPath {
    private static final String SUFFIX = ".scm.azurewebsites.net";
    private static final Pattern HOST = Pattern.compile("([a-z0-9-]{1,60})\\.scm\\..+");

    private KuduPath() {}

    /** Returns the site that a host name is of. @param host in lower case, without the port */
    static Optional<String> siteOfHost(String host) {
        Matcher matcher = HOST.matcher(host);
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    /** Returns the site that a path begins with. */
    static Optional<String> siteOfPath(String path) {
        int end = path.indexOf('/', 1);
        String first = path.substring(1, end < 0 ? path.length() : end).toLowerCase(Locale.ROOT);
        return first.endsWith(SUFFIX) && first.length() > SUFFIX.length()
                ? Optional.of(first.substring(0, first.length() - SUFFIX.length()))
                : Optional.empty();
    }

    /** Returns how the paths of a site begin where its host does not name it. */
    static String prefix(String site) {
        return "/" + site + SUFFIX;
    }

    /** Returns where a path leads. */
    static String lead(String host, String path) {
        Optional<String> named = siteOfHost(host);
        String site = named.or(() -> siteOfPath(path)).orElseThrow();
        List<String> segments = new ArrayList<>(List.of(path.substring(1).split("/", -1)));
        if (named.isEmpty()) {
            segments.removeFirst();
        }
        return prefix(site) + "/" + String.join("/", canonical(segments));
    }

    private static List<String> canonical(List<String> segments) {
        List<String> rest = new ArrayList<>(segments);
        List<String> led = new ArrayList<>();
        led.add("api");
        if (is(rest, 0, "api")) {
            rest.removeFirst();
        } else if (!is(rest, 0, "jobs") && !is(rest, 0, "vfs")) {
            // Kudu has other pages there, and we have none.
            return lower(segments);
        }
        if (is(rest, 0, "vfs")) {
            led.add("vfs");
            led.addAll(rest.subList(1, rest.size()));
            return vfs(led);
        }
        if (is(rest, 0, "jobs")) {
            rest.removeFirst();
            led.add(
                    is(rest, 0, "triggered")
                            ? "triggeredwebjobs"
                            : is(rest, 0, "continuous") ? "continuouswebjobs" : "webjobs");
            rest = rest.isEmpty() ? rest : rest.subList(1, rest.size());
        } else if (!rest.isEmpty()) {
            String list = rest.removeFirst().toLowerCase(Locale.ROOT);
            led.add(
                    list.equals("triggeredjobs") || list.equals("continuousjobs")
                            ? list.replace("jobs", "webjobs")
                            : list);
        }
        for (int i = 0; i < rest.size(); i++) {
            // Behind the list a name, behind that a word, and behind that what is the caller's again.
            led.add(i == 1 ? rest.get(i).toLowerCase(Locale.ROOT) : rest.get(i));
        }
        return led;
    }

    /** Lowers the words of {@code vfs/data/jobs/{type}/…}; a job's name and a run's id stay. */
    private static List<String> vfs(List<String> led) {
        List<String> lowered = new ArrayList<>();
        for (int i = 0; i < led.size(); i++) {
            boolean isWord = i < 5 || i == led.size() - 1;
            lowered.add(isWord ? led.get(i).toLowerCase(Locale.ROOT) : led.get(i));
        }
        return lowered;
    }

    private static List<String> lower(List<String> segments) {
        return segments.stream().map(one -> one.toLowerCase(Locale.ROOT)).toList();
    }

    private static boolean is(List<String> segments, int index, String word) {
        return segments.size() > index && segments.get(index).equalsIgnoreCase(word);
    }
}
