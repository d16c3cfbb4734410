package io.muster.api.surface.webjobs;

import io.micronaut.http.HttpRequest;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Grant;
import io.muster.api.access.Throttles;
import io.muster.api.credential.PolicyPassword;
import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import io.muster.records.SiteRefusalReason;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Serves the Kudu of each site. Contract: webjobs-and-schedules, 2.1; addresses. */
public final class Kudu implements Surface {
    static final String MOUNT = "/~kudu";
    /** Begins the templates of all routes. */
    static final String SITE = "/{site}.scm.azurewebsites.net";

    static final String TEXT = "text/plain; charset=utf-8";

    /** Names the problem whose answer has no body. */
    static final String NO_JOB = "WebJobNotFound";

    private final Gate gate;
    private final UploadLimits limits;

    /** Makes one. */
    public Kudu(Gate gate, UploadLimits limits) {
        this.gate = gate;
        this.limits = limits;
    }

    @Override
    public String mount() {
        return MOUNT;
    }

    @Override
    public boolean isNamedBy(String host) {
        return KuduPath.siteOfHost(host).isPresent();
    }

    @Override
    public boolean serves(Arrival arrival) {
        return KuduPath.siteOfPath(arrival.path()).isPresent();
    }

    @Override
    public String path(Arrival arrival) {
        return KuduPath.lead(arrival.host(), arrival.path());
    }

    @Override
    public Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now) {
        @Nullable String authorization = request.getHeaders().get("Authorization");
        return Optional.of(
                PolicyPassword.hasScheme(authorization)
                        ? basic(String.valueOf(authorization), path)
                        : gate.identify(authorization, path, now));
    }

    private Caller basic(String authorization, String path) {
        PolicyPassword given = PolicyPassword.parse(authorization).orElseThrow(Kudu::unknown);
        Optional<String> site = given.site();
        if (site.isPresent() && !path.startsWith(KuduPath.prefix(site.get()) + "/")) {
            throw unknown();
        }
        return gate.withKey(given.policy(), given.key());
    }

    private static ProblemException unknown() {
        return new ProblemException(Problem.unauthorized(
                "Give a policy's name, or $ and the site's name, as user, and the policy's key as password."));
    }

    @Override
    public Grant grant(String method, String route) {
        return SiteRights.of(method, route);
    }

    @Override
    public Problem notAllowed(String message) {
        return new Problem(403, "Forbidden", message);
    }

    @Override
    public String challenge() {
        return "Basic realm=\"site\"";
    }

    /** Accepts any version: Kudu has none. */
    @Override
    public void checkVersion(@Nullable String version) {}

    @Override
    public Optional<Throttles.Kind> limitedAs(String route) {
        return route.endsWith("/run") ? Optional.of(Throttles.Kind.JOBS) : Optional.empty();
    }

    @Override
    public boolean isAudited(HttpRequest<?> request, String route) {
        return !SiteRights.reads(request.getMethodName());
    }

    @Override
    public long largestBody(String method, String path) {
        return method.equals("PUT") && path.contains("webjobs/") && !path.endsWith("/settings")
                ? limits.bytes()
                : LARGEST_BODY;
    }

    @Override
    public Problem problem(Refusal refusal) {
        return switch (refusal) {
            case Refusal.OfSite site -> problem(site.reason(), site.sentence());
            case Refusal.OfAnswer answer -> Problem.tooLarge(answer.sentence());
            // This surface commands sites alone.
            case Refusal.OfJob _,
                    Refusal.OfDevice _,
                    Refusal.OfStreamJob _,
                    Refusal.OfSchedule _,
                    Refusal.OfCatalog _,
                    Refusal.OfBatch _,
                    Refusal.OfBatchPool _ -> Problem.serverError();
        };
    }

    private static Problem problem(SiteRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND -> noJob();
            case RUNNING, STOPPED, BEGUN, LATE -> new Problem(409, "Conflict", sentence);
            case INVALID, TOO_MANY_JOBS -> Problem.argumentInvalid(sentence);
            case UNKNOWN -> Problem.serverError();
        };
    }

    /** Says which of Kudu's pages are left out. */
    @Override
    public Problem noRoute(String path) {
        return path.contains("/passthrough")
                ? Problem.notSupported(
                        "Requests are not passed on to continuous WebJobs here: a node takes no requests.")
                : Problem.notFound("Kudu's " + path.replaceFirst("^/[^/]*", "") + " is not here.");
    }

    static Problem noJob() {
        return new Problem(404, NO_JOB, "");
    }

    @Override
    public Envelope envelope(Problem problem, String route, Instant now) {
        return new Envelope(problem.message(), TEXT, Map.of());
    }
}
