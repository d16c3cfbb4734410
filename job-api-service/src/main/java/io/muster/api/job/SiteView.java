package io.muster.api.job;

import io.muster.records.Site;
import io.muster.records.WebJob;
import io.muster.records.WebJobRunStatus;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Shows sites as this instance knows them, from the topic and from replies. The larger revision wins. Thread-safe. */
public final class SiteView {
    private final Map<String, Site> sites = new ConcurrentHashMap<>();
    private final Set<String> unreadable = ConcurrentHashMap.newKeySet();

    /** Takes a site from the topic or from a reply. */
    public void put(Site site) {
        unreadable.remove(site.getSite());
        sites.merge(site.getSite(), site, (known, other) -> other.getRevision() >= known.getRevision() ? other : known);
    }

    /** Forgets a site. */
    public void forget(String site) {
        unreadable.remove(site);
        sites.remove(site);
    }

    /** Counts the runs of all sites that have a status. */
    public long runs(WebJobRunStatus status) {
        return sites.values().stream()
                .flatMap(site -> site.getWebJobs().stream())
                .flatMap(job -> job.getRuns().stream())
                .filter(run -> run.getStatus() == status)
                .count();
    }

    /** Notes that a site's record can't be read: what that site refers to is not known. */
    public void unreadable(String site) {
        unreadable.add(site);
    }

    /** Returns the hashes of all files to which sites refer: those of their jobs, and of runs that have not ended. Empty where a site can't be read. */
    public Optional<Set<String>> files() {
        Set<@Nullable String> files = new HashSet<>();
        for (Site site : sites.values()) {
            site.getOrphans().forEach(orphan -> files.add(orphan.getSha256()));
            for (WebJob job : site.getWebJobs()) {
                files.add(job.getFiles().getSha256());
                job.getRuns().stream()
                        .filter(run -> run.getEndedAt() == null)
                        .forEach(run -> files.add(run.getSha256()));
            }
        }
        // Runs that were begun when it was not said, whose files their pool knows where they are placed.
        files.remove(null);
        return unreadable.isEmpty() ? Optional.of(Set.copyOf(files)) : Optional.empty();
    }

    /** Returns a site. @param site in lower case */
    public Optional<Site> get(String site) {
        return Optional.ofNullable(sites.get(site));
    }
}
