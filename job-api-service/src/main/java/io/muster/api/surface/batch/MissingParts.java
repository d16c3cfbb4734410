package io.muster.api.surface.batch;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Says, of each part of Batch that is not here, why. */
final class MissingParts {
    private static final Map<String, String> AT_ROOT = Map.of(
            "applications",
            "Application packages are not kept here: give tasks resourceFiles.",
            "certificates",
            "Certificates are not installed on nodes here: a node's own administrator does that.",
            "poolusagemetrics",
            "Usage of pools is not metered here.",
            "lifetimepoolstats",
            "Statistics over the life of pools are not kept here.",
            "lifetimejobstats",
            "Statistics over the life of jobs are not kept here.",
            "supportedimages",
            "Nodes are machines that are there: none is made from an image.");
    private static final Map<String, String> ON_JOBS = Map.of(
            "jobpreparationandreleasetaskstatus", "Preparation and release tasks are not here yet.",
            "files",
                    "Of a task's files stdout.txt and stderr.txt are here: have the task upload what else is to be kept.");
    private static final Map<String, String> ON_POOLS =
            Map.of("upgradeos", "Nodes are machines that are there: their own administrator upgrades them.");
    private static final Map<String, String> ON_NODES = Map.of(
            "files",
            "Files of nodes are not here yet.",
            "reimage",
            "Nodes are machines that are there: none is made from an image.",
            "users",
            "Users of a node's system are not made here: a node's own administrator does that.",
            "rdp",
            "There is no remote desktop to nodes here.",
            "remoteloginsettings",
            "There is no remote login to nodes here.",
            "extensions",
            "Nodes are machines that are there, and have no extensions.",
            "uploadbatchservicelogs",
            "Logs of nodes are not uploaded: read them on the node.");

    private MissingParts() {}

    /** Returns why a path leads nowhere; empty where Batch has nothing there either. @param words of a path */
    static Optional<String> named(List<String> words) {
        return Optional.ofNullable(AT_ROOT.get(words.getFirst()))
                .or(() -> words.getFirst().equals("jobs")
                        ? Optional.ofNullable(ON_JOBS.get(at(words, 2)))
                                .or(() -> Optional.ofNullable(ON_JOBS.get(at(words, 4))))
                        : Optional.empty())
                .or(() -> words.getFirst().equals("pools")
                        ? Optional.ofNullable(ON_NODES.get(at(words, 4)))
                                .or(() -> Optional.ofNullable(ON_POOLS.get(at(words, 2))))
                        : Optional.empty());
    }

    private static String at(List<String> words, int index) {
        return words.size() > index ? words.get(index) : "";
    }
}
