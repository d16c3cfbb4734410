package io.muster.api.surface.scheduler;

import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names where a path leads: to a list of collections, a collection, a list of jobs, a job, or to what can be asked of one of them.
 *
 * @param group of which the collections are listed; null for those of the whole subscription
 * @param action the word behind a collection or a job, in lower case
 */
record SchedulerPath(
        String subscription,
        @Nullable String group,
        @Nullable String collection,
        boolean jobs,
        @Nullable String job,
        @Nullable String action) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,100}");
    private static final String COLLECTIONS = "jobcollections";
    private static final int OF_SUBSCRIPTION = 4;
    private static final int OF_GROUP = 6;

    /** Reads a path. @throws ProblemException when it leads nowhere, or a name is none */
    static SchedulerPath of(String path) {
        List<String> all = List.of(path.substring(1).split("/"));
        List<String> lower =
                all.stream().map(one -> one.toLowerCase(Locale.ROOT)).toList();
        int at = lower.indexOf(COLLECTIONS);
        boolean ofGroup = at == OF_GROUP
                && lower.get(2).equals("resourcegroups")
                && lower.get(4).equals("providers");
        boolean ofSubscription = at == OF_SUBSCRIPTION && lower.get(2).equals("providers");
        List<String> rest = at < 0 ? List.of() : all.subList(at + 1, all.size());
        if (!(ofGroup || ofSubscription) || (ofSubscription && !rest.isEmpty()) || rest.size() > 4) {
            throw nowhere(path);
        }
        @Nullable String group = ofGroup ? all.get(3) : null;
        @Nullable String collection = rest.isEmpty() ? null : name(rest.getFirst());
        if (rest.size() < 2) {
            return new SchedulerPath(all.get(1), group, collection, false, null, null);
        }
        String second = rest.get(1).toLowerCase(Locale.ROOT);
        if (!second.equals("jobs")) {
            if (rest.size() > 2) {
                throw nowhere(path);
            }
            return new SchedulerPath(all.get(1), group, collection, false, null, second);
        }
        return new SchedulerPath(
                all.get(1),
                group,
                collection,
                true,
                rest.size() > 2 ? name(rest.get(2)) : null,
                rest.size() > 3 ? rest.get(3).toLowerCase(Locale.ROOT) : null);
    }

    static ProblemException nowhere(String path) {
        return new ProblemException(Problem.notFound("There is nothing at " + path + "."));
    }

    private static String name(String text) {
        if (!NAME.matcher(text).matches()) {
            throw new ProblemException(
                    new Problem(400, "BadRequest", "A name has 1 to 100 letters, digits, hyphens and underscores."));
        }
        return text;
    }

    /** Returns how the ids of the collections begin that are listed. */
    String prefix() {
        return ("/subscriptions/" + subscription + (group == null ? "/" : "/resourcegroups/" + group + "/"))
                .toLowerCase(Locale.ROOT);
    }

    /** Returns the resource id of the collection, as the client spelled it. */
    String collectionId() {
        return "/subscriptions/" + subscription + "/resourceGroups/" + group + "/providers/" + Scheduler.NAMESPACE
                + "/jobCollections/" + collection;
    }

    /** Returns the resource id of the job, as the client spelled it. */
    String jobId() {
        return collectionId() + "/jobs/" + job;
    }

    /** Returns the key of records of a resource. */
    static String key(String resourceId) {
        return resourceId.toLowerCase(Locale.ROOT);
    }

    /** Returns what is asked of a resource; empty where it is meant itself. */
    Optional<String> asked() {
        return Optional.ofNullable(action);
    }
}
