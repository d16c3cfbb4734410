package io.muster.api.job;

import io.muster.records.Site;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Shows sites as this instance knows them, from the topic and from replies. The larger revision wins. Thread-safe. */
public final class SiteView {
    private final Map<String, Site> sites = new ConcurrentHashMap<>();

    /** Takes a site from the topic or from a reply. */
    public void put(Site site) {
        sites.merge(site.getSite(), site, (known, other) -> other.getRevision() >= known.getRevision() ? other : known);
    }

    /** Forgets a site. */
    public void forget(String site) {
        sites.remove(site);
    }

    /** Returns a site. @param site in lower case */
    public Optional<Site> get(String site) {
        return Optional.ofNullable(sites.get(site));
    }
}
