package io.muster.planner.site;

import io.muster.document.SiteNodes;
import io.muster.records.Site;
import io.muster.records.WebJob;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStarted;
import io.muster.records.WebJobRunWaits;
import io.muster.records.WebJobStart;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Says which runs of a job its site keeps: as many as its settings say, and as many bytes as keep the site's document below the size of a record. Runs that have not
 * ended are kept, whatever they take.
 */
final class RunHistory {
    /**
     * Bounds the bytes of a job's runs when one begins; behind that those that live grow by their node, their end and their starts. A hundred jobs take 5 MiB with that, beside 2 of
     * settings ({@link WebJobRules}), of the 8 that a record has.
     */
    private static final int MOST_BYTES = 40 * 1024;

    /** Counts the bytes of a run's numbers and times. */
    private static final int BYTES_OF_RUN = 64;

    /** Counts the bytes of a start's numbers and times. */
    private static final int BYTES_OF_START = 28;

    /** Counts the runs of a continuous job that are kept for a node, of which there are as many as stops: the latest two. */
    private static final int OF_NODE = 2;

    /** Bounds the starts of a continuous job's program that its log shows. */
    private static final int STARTS_KEPT = 10;

    private RunHistory() {}

    /** Returns the runs that are kept when another begins, the newest first. */
    static List<WebJobRun> with(Site site, WebJob job, WebJobRun begun) {
        List<WebJobRun> before = switch (job.getKind()) {
            case TRIGGERED ->
                job.getRuns().stream()
                        .limit(SiteSettings.of(site.getSettings()).historySize() - 1L)
                        .toList();
            case CONTINUOUS -> ofNodes(site, job, begun);
        };
        return bounded(begun, before);
    }

    private static List<WebJobRun> ofNodes(Site site, WebJob job, WebJobRun begun) {
        List<String> nodes = SiteNodes.of(site, job.getFiles().getHost());
        Map<Optional<String>, Integer> kept = new HashMap<>(Map.of(SiteState.place(begun), 1));
        return job.getRuns().stream()
                .filter(run -> {
                    boolean isOfPool = SiteState.place(run).map(nodes::contains).orElse(true);
                    int number = kept.merge(SiteState.place(run), 1, Integer::sum);
                    return SiteState.isLiving(run) || (isOfPool && number <= OF_NODE);
                })
                .toList();
    }

    /** Leaves out the oldest runs that have ended, where all are too many bytes. */
    private static List<WebJobRun> bounded(WebJobRun begun, List<WebJobRun> before) {
        long room = MOST_BYTES
                - bytes(begun)
                - before.stream()
                        .filter(SiteState::isLiving)
                        .mapToLong(RunHistory::bytes)
                        .sum();
        List<WebJobRun> kept = new ArrayList<>(List.of(begun));
        for (WebJobRun run : before) {
            if (!SiteState.isLiving(run)) {
                room -= bytes(run);
                if (room < 0) {
                    continue;
                }
            }
            kept.add(run);
        }
        return kept;
    }

    private static long bytes(WebJobRun run) {
        long starts = run.getStarts().stream()
                .mapToLong(start -> BYTES_OF_START + WebJobRules.bytes(start.getNodeId()))
                .sum();
        return BYTES_OF_RUN
                + starts
                + List.of(
                                run.getId(),
                                run.getTrigger(),
                                run.getPoolId(),
                                run.getTaskId(),
                                run.getScript(),
                                run.getFiring(),
                                run.getDetail(),
                                Objects.requireNonNullElse(run.getNodeId(), ""),
                                Objects.requireNonNullElse(run.getPinnedTo(), ""),
                                Objects.requireNonNullElse(run.getSha256(), ""))
                        .stream()
                        .mapToLong(WebJobRules::bytes)
                        .sum();
    }

    /** Returns the starts of a run with another. A run that is pinned starts on its node: the start does not name it. */
    static List<WebJobStart> withStart(WebJobRun run, WebJobRunStarted started, Instant at) {
        List<WebJobStart> starts = run.getStarts();
        List<WebJobStart> kept =
                new ArrayList<>(starts.subList(Math.max(0, starts.size() - STARTS_KEPT + 1), starts.size()));
        String node = started.getNodeId().equals(run.getPinnedTo()) ? "" : started.getNodeId();
        kept.add(new WebJobStart(started.getPlacement(), node, at, null, null));
        return kept;
    }

    /** Notes the end of the program that was started last. */
    static List<WebJobStart> withEnd(List<WebJobStart> starts, WebJobRunWaits waits, Instant at) {
        List<WebJobStart> kept = new ArrayList<>(starts);
        if (!kept.isEmpty()) {
            kept.add(WebJobStart.newBuilder(kept.removeLast())
                    .setEndedAt(at)
                    .setExitCode(waits.getExitCode())
                    .build());
        }
        return kept;
    }
}
