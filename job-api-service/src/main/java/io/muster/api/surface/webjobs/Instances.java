package io.muster.api.surface.webjobs;

import io.muster.document.ScriptHosts;
import io.muster.document.SiteNodes;
import io.muster.records.ScriptHost;
import io.muster.records.Site;
import io.muster.records.WebJob;
import io.muster.records.WebJobRun;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Shows what a continuous job does on each node of its site's pool. A singleton runs on one of them. Contract: webjobs-and-schedules, 2.3 and 2.6.
 */
final class Instances {
    private static final List<String> ORDER =
            List.of("Running", "Starting", "PendingRestart", "Stopping", "Disabling", "Stopped", "Initializing");

    /** Bounds the nodes whose runs are shown: a continuous job runs on 25 at most, and ends where it runs no more. */
    private static final int MOST_SHOWN = 30;

    private Instances() {}

    /** Returns the status of a job: the one of the instance that has got furthest. */
    static String status(Site site, WebJob job) {
        return generation(job, 0).stream()
                .map(run -> Statuses.ofInstance(job, run))
                .min(Comparator.comparing(ORDER::indexOf))
                .orElse(without(site, job));
    }

    /** Returns a line a node: its id, and the job's status there. */
    static String detailedStatus(Site site, WebJob job) {
        Map<String, String> byNode = new HashMap<>();
        List<WebJobRun> runs = shown(site, job, 0);
        boolean singleton = runs.stream().anyMatch(run -> run.getPinnedTo() == null);
        for (WebJobRun run : runs) {
            String node = run.getPinnedTo() == null ? run.getNodeId() : run.getPinnedTo();
            if (node != null) {
                byNode.put(node, Statuses.ofInstance(job, run));
            }
        }
        TreeSet<String> nodes = new TreeSet<>(SiteNodes.of(site, job.getFiles().getHost()));
        nodes.addAll(byNode.keySet());
        StringBuilder lines = new StringBuilder();
        for (String node : nodes) {
            String status = byNode.getOrDefault(node, singleton ? "InactiveInstance" : without(site, job));
            lines.append(node).append(" - ").append(status).append("\r\n");
        }
        return lines.toString();
    }

    /** Returns why a job runs nowhere, or not on all nodes of its pool; empty where it does. */
    static Optional<String> placeFault(Site site, WebJob job) {
        ScriptHost host = job.getFiles().getHost();
        String pool = site.getOwnPool() ? "of the site's own pool" : "of the pool 'default'";
        String interpreter = ScriptHosts.interpreter(host);
        if (SiteNodes.haveNone(site, host)) {
            return Optional.of("No node " + pool + " has " + interpreter
                    + ", which the script takes: the job starts as soon as one has.");
        }
        return !isSingleton(job) && SiteNodes.areMore(site, host)
                ? Optional.of("The job runs on " + SiteNodes.of(site, host).size()
                        + " nodes, the most that it may: more " + pool + " have " + interpreter + ".")
                : Optional.empty();
    }

    private static boolean isSingleton(WebJob job) {
        return WebJobDocuments.settings(job).path("is_singleton").asBoolean(false);
    }

    private static String without(Site site, WebJob job) {
        return job.getDisabled() || isStopped(site) ? "Stopped" : "Initializing";
    }

    /** Returns whether no job of the site runs, as the planner reads its settings. */
    private static boolean isStopped(Site site) {
        return site.getSettings().entrySet().stream()
                .filter(setting -> setting.getKey().equalsIgnoreCase("WEBJOBS_STOPPED"))
                .map(setting -> setting.getValue().strip())
                .anyMatch(value -> value.equals("1") || value.equalsIgnoreCase("true"));
    }

    /** Returns the runs of a generation that a listing or a log shows: those that live, or are of nodes that the site still has, where there are any; so many at most. */
    static List<WebJobRun> shown(Site site, WebJob job, int before) {
        List<WebJobRun> runs = generation(job, before);
        List<String> nodes = SiteNodes.of(site, job.getFiles().getHost());
        List<WebJobRun> there = runs.stream()
                .filter(run ->
                        run.getEndedAt() == null || run.getPinnedTo() == null || nodes.contains(run.getPinnedTo()))
                .toList();
        return (there.isEmpty() ? runs : there).stream().limit(MOST_SHOWN).toList();
    }

    /**
     * Returns a run for each node that has so many. While one lives, those that ended on nodes that the job has left, or as a singleton, are of before.
     *
     * @param before 0 for the latest, 1 for the one before it
     */
    static List<WebJobRun> generation(WebJob job, int before) {
        Map<Optional<String>, Integer> seen = new HashMap<>();
        List<WebJobRun> runs = new ArrayList<>();
        for (WebJobRun run : job.getRuns()) {
            if (seen.merge(Optional.ofNullable(run.getPinnedTo()), 1, Integer::sum) == before + 1) {
                runs.add(run);
            }
        }
        boolean lives = runs.stream().anyMatch(run -> run.getEndedAt() == null);
        return before > 0 || !lives
                ? runs
                : runs.stream().filter(run -> run.getEndedAt() == null).toList();
    }
}
