package io.muster.api.surface.webjobs;

import io.micronaut.http.HttpRequest;
import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Grant;
import io.muster.api.access.Throttles;
import io.muster.api.arm.Provider;
import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Serves WebJobs as resources of Azure Resource Manager. A slot is a site of its own, {@code site-slot}. Contract: webjobs-and-schedules, 2.8. */
public final class AppService implements Surface {
    static final String MOUNT = "/~appservice";
    static final String SITE =
            "/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.web/sites/{site}";

    private static final Set<String> VERSIONS = Set.of(
            "2025-05-01",
            "2025-03-01",
            "2024-11-01",
            "2024-04-01",
            "2023-12-01",
            "2023-01-01",
            "2022-09-01",
            "2022-03-01",
            "2021-03-01",
            "2020-12-01",
            "2019-08-01",
            "2018-11-01",
            "2018-02-01",
            "2016-08-01");
    /** Locates the site's name among the segments of a path. */
    private static final int SITES = 7;

    private final Provider provider;

    /** Makes one. */
    public AppService(Gate gate) {
        this.provider = Provider.of(gate, MOUNT, "microsoft.web", VERSIONS, EnumSet.of(Right.COMPUTE, Right.JOBS));
    }

    @Override
    public String mount() {
        return MOUNT;
    }

    @Override
    public boolean serves(Arrival arrival) {
        return provider.serves(arrival);
    }

    /** Leads all spellings of a path to one: words in lower case, and a slot's site in place of the slot. */
    @Override
    public String path(Arrival arrival) {
        List<String> segments =
                new ArrayList<>(List.of(arrival.path().substring(1).split("/", -1)));
        for (int i = 0; i < segments.size(); i++) {
            boolean isName = i == 1 || i == 3 || (i > SITES + 1 && isNameBelowSite(segments, i));
            if (!isName) {
                segments.set(i, segments.get(i).toLowerCase(Locale.ROOT));
            }
        }
        if (segments.size() > SITES && segments.get(SITES - 1).equals("sites")) {
            segments.set(SITES, segments.get(SITES).toLowerCase(Locale.ROOT));
        }
        if (segments.size() > SITES + 2 && segments.get(SITES + 1).equals("slots")) {
            String slot = segments.remove(SITES + 2).toLowerCase(Locale.ROOT);
            segments.remove(SITES + 1);
            if (!slot.equals("production")) {
                segments.set(SITES, segments.get(SITES) + "-" + slot);
            }
        }
        return "/" + String.join("/", segments);
    }

    /** Returns whether a segment is a job's name or a run's id: it stands behind the word for its list. */
    private static boolean isNameBelowSite(List<String> segments, int index) {
        String before = segments.get(index - 1).toLowerCase(Locale.ROOT);
        return before.endsWith("webjobs") || before.equals("history");
    }

    @Override
    public Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now) {
        return provider.identify(request, path, route, now);
    }

    @Override
    public Grant grant(String method, String route) {
        return SiteRights.of(method, route);
    }

    @Override
    public Problem notAllowed(String message) {
        return provider.notAllowed(message);
    }

    @Override
    public void checkVersion(@Nullable String version) {
        provider.checkVersion(version);
    }

    @Override
    public Optional<Throttles.Kind> limitedAs(String route) {
        return route.endsWith("/run") ? Optional.of(Throttles.Kind.JOBS) : Optional.empty();
    }

    @Override
    public boolean isAudited(HttpRequest<?> request, String route) {
        return !SiteRights.reads(request.getMethodName());
    }

    @Override
    public Problem problem(Refusal refusal) {
        return provider.problem(refusal);
    }

    @Override
    public Problem noRoute(String path) {
        return new Problem(404, "InvalidResourceType", "There is nothing of Microsoft.Web at " + path + ".");
    }

    @Override
    public Envelope envelope(Problem problem, String route, Instant now) {
        Problem named = problem.name().equals(Kudu.NO_JOB)
                ? new Problem(404, "ResourceNotFound", "There is no such WebJob or run.")
                : problem;
        return provider.envelope(named, route, now);
    }
}
