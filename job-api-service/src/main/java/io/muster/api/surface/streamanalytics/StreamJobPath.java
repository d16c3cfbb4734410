package io.muster.api.surface.streamanalytics;

import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Names what a path leads to: the list of jobs, a job, a child of it, or an action of one of them. Segments are the same in any case; names
 * are shown as they were written. Contract: stream-analytics, 4.1.
 *
 * @param path as it was asked for
 * @param job its part that leads to the job; empty for the list
 * @param kind of the child or the children; null where it leads to a job
 * @param child its name, without escapes; null for all of the kind
 * @param action in lower case; null for the resource itself
 */
record StreamJobPath(
        String path,
        String job,
        @Nullable ChildKind kind,
        @Nullable String child,
        @Nullable String action) {
    private static final int OF_GROUP = 6;
    private static final int OF_SUBSCRIPTION = 4;
    private static final int MOST_BELOW = 4;

    /** Parses the path of a request. @throws ProblemException where there can be no resource at the path */
    static StreamJobPath parse(String path) {
        List<String> all = List.of(path.substring(1).split("/"));
        List<String> lower =
                all.stream().map(one -> one.toLowerCase(Locale.ROOT)).toList();
        int jobs = lower.indexOf("streamingjobs");
        boolean ofGroup = jobs == OF_GROUP
                && lower.subList(2, OF_GROUP)
                        .equals(List.of("resourcegroups", lower.get(3), "providers", "microsoft.streamanalytics"));
        boolean ofSubscription = jobs == OF_SUBSCRIPTION
                && lower.subList(2, OF_SUBSCRIPTION).equals(List.of("providers", "microsoft.streamanalytics"));
        if (!ofGroup && !ofSubscription) {
            throw nothing(path);
        }
        List<String> below = all.subList(jobs + 1, all.size());
        if (below.isEmpty()) {
            return new StreamJobPath(path, "", null, null, null);
        }
        if (ofSubscription || below.size() > MOST_BELOW) {
            throw nothing(path);
        }
        if (!below.getFirst().matches("[A-Za-z0-9_-]{3,63}")) {
            throw StreamJobDocument.bad("A job's name has 3 to 63 letters, digits, hyphens and underscores.");
        }
        String job = "/" + String.join("/", all.subList(0, jobs + 2));
        @Nullable String next = below.size() > 1 ? below.get(1) : null;
        @Nullable ChildKind kind = next == null ? null : ChildKind.of(next).orElse(null);
        return kind == null
                ? new StreamJobPath(path, job, null, null, next == null ? null : next.toLowerCase(Locale.ROOT))
                : new StreamJobPath(
                        path,
                        job,
                        kind,
                        below.size() > 2 ? decoded(below.get(2)) : null,
                        below.size() > 3 ? below.get(3).toLowerCase(Locale.ROOT) : null);
    }

    private static String decoded(String segment) {
        return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static ProblemException nothing(String path) {
        return new ProblemException(Problem.notFound("There is nothing at " + path + "."));
    }

    /** Returns the key of the job's records. */
    String id() {
        return job.toLowerCase(Locale.ROOT);
    }

    boolean isList() {
        return job.isEmpty();
    }
}
