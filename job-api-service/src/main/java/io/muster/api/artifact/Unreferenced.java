package io.muster.api.artifact;

import io.muster.records.Artifact;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Decides which artifacts are deleted: one that nobody refers to is condemned, so that no upload relies on it any more, and deleted when it has been known as that for
 * {@link #GRACE} and still nobody refers to it. An upload that relied on it before has told its reference by then. Knows no clock and no Kafka. For one thread.
 */
public final class Unreferenced {
    /** Bounds how long an upload may take from its first byte here to the reference to it, and how old a view may be. */
    public static final Duration GRACE = Duration.ofMinutes(10);

    private static final Comparator<Artifact> BEST =
            Comparator.comparing(Artifact::getCondemned).thenComparing(Artifact::getCopy);

    /** Holds since when artifacts are known as condemned, by their keys. */
    private final Map<String, Instant> since = new HashMap<>();

    /** Says what is to be done now. @param condemned are marked @param deleted are deleted */
    public record Plan(List<Artifact> condemned, List<Artifact> deleted) {}

    /** Returns what tells an artifact's copy from all others. */
    public static String key(Artifact artifact) {
        return artifact.getCopy().isEmpty() ? artifact.getSha256() : artifact.getSha256() + "@" + artifact.getCopy();
    }

    /** Returns that of several copies of one content which is read: one that is whole, and condemned only where all of them are. */
    public static Optional<Artifact> best(Stream<Artifact> copies) {
        return copies.filter(copy -> !copy.getOffsets().isEmpty()).min(BEST);
    }

    /** Decides what is done with artifacts. @param referenced the hashes that somebody refers to */
    public Plan plan(Collection<Artifact> artifacts, Set<String> referenced, Instant now) {
        Map<String, List<Artifact>> byHash = new HashMap<>();
        artifacts.forEach(artifact -> byHash.computeIfAbsent(artifact.getSha256(), _ -> new ArrayList<>())
                .add(artifact));
        Plan plan = new Plan(new ArrayList<>(), new ArrayList<>());
        byHash.forEach((sha256, copies) -> {
            Optional<Artifact> wanted = referenced.contains(sha256) ? best(copies.stream()) : Optional.empty();
            for (Artifact copy : copies) {
                if (!wanted.equals(Optional.of(copy))) {
                    decide(plan, copy, now);
                }
            }
        });
        since.keySet().retainAll(artifacts.stream().map(Unreferenced::key).collect(Collectors.toSet()));
        return plan;
    }

    private void decide(Plan plan, Artifact copy, Instant now) {
        if (!copy.getCondemned()) {
            plan.condemned().add(copy);
            return;
        }
        Instant known = since.computeIfAbsent(key(copy), _ -> now);
        if (!known.plus(GRACE).isAfter(now)) {
            plan.deleted().add(copy);
        }
    }
}
