package io.muster.api.arm;

import io.micronaut.http.HttpRequest;
import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Grant;
import io.muster.api.access.Role;
import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import io.muster.records.ScheduleRefusalReason;
import io.muster.records.SiteRefusalReason;
import io.muster.records.StreamJobRefusalReason;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Serves one resource provider of Azure Resource Manager as a surface. Segments of paths are the same in any case. Contract: addresses, "Where each surface answers";
 * stream-analytics, 4.1.
 */
public final class Provider implements Surface {
    private static final String ROOT = "/subscriptions/";
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    /** Lists the rights of which each admits to some provider. */
    private static final Set<Right> ANY =
            Set.of(Right.SERVICE_CONNECT, Right.REGISTRY_WRITE, Right.STREAMS, Right.JOBS, Right.COMPUTE);

    private final Gate gate;
    private final String mount;
    private final Optional<String> namespace;
    private final Set<String> versions;
    private final Set<Right> rights;

    private Provider(Gate gate, String mount, Optional<String> namespace, Set<String> versions, Set<Right> rights) {
        this.gate = gate;
        this.mount = mount;
        this.namespace = namespace;
        this.versions = Set.copyOf(versions);
        this.rights = Set.copyOf(rights);
    }

    /**
     * Makes one.
     *
     * @param mount see {@link Surface#mount}
     * @param namespace such as {@code microsoft.web}, in lower case
     * @param versions values of {@code api-version}
     * @param rights of a program's policy: any one of them
     */
    public static Provider of(Gate gate, String mount, String namespace, Set<String> versions, Set<Right> rights) {
        return new Provider(gate, mount, Optional.of(namespace), versions, rights);
    }

    /** Makes the one that takes requests for all other providers, and answers that there are none. */
    public static Provider unknown(Gate gate) {
        return new Provider(gate, "/~arm", Optional.empty(), Set.of(), ANY);
    }

    @Override
    public String mount() {
        return mount;
    }

    @Override
    public boolean serves(Arrival arrival) {
        String path = arrival.path();
        return path.toLowerCase(Locale.ROOT).startsWith(ROOT)
                && (namespace.isEmpty() || namespace.equals(namespace(path)));
    }

    /** Returns the path as routes know it, whatever the case of its first segment. */
    @Override
    public String path(Arrival arrival) {
        return ROOT + arrival.path().substring(ROOT.length());
    }

    /** Returns the namespace of the provider that a path names, in lower case. */
    private static Optional<String> namespace(String path) {
        List<String> segments =
                List.of(path.substring(1).toLowerCase(Locale.ROOT).split("/"));
        int before = segments.size() > 2 && segments.get(2).equals("resourcegroups") ? 4 : 2;
        return segments.size() > before + 1 && segments.get(before).equals("providers")
                ? Optional.of(segments.get(before + 1))
                : Optional.empty();
    }

    @Override
    public Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now) {
        return Optional.of(gate.identify(request.getHeaders().get("Authorization"), path, now));
    }

    @Override
    public Grant grant(String method, String route) {
        return new Grant(rights, READING.contains(method) ? Role.READ : Role.OPERATE);
    }

    @Override
    public Problem notAllowed(String message) {
        return new Problem(403, "AuthorizationFailed", message);
    }

    @Override
    public void checkVersion(@Nullable String version) {
        if (namespace.isPresent() && (version == null || !versions.contains(version))) {
            throw new ProblemException(new Problem(
                    400,
                    version == null ? "MissingApiVersionParameter" : "InvalidApiVersionParameter",
                    "Give an api-version of " + versions.stream().sorted().toList() + "."));
        }
    }

    @Override
    public Problem problem(Refusal refusal) {
        String sentence = refusal.sentence();
        return switch (refusal) {
            case Refusal.OfStreamJob job -> problem(job.reason(), sentence);
            case Refusal.OfSchedule schedule -> problem(schedule.reason(), sentence);
            case Refusal.OfSite site -> problem(site.reason(), sentence);
            case Refusal.OfJob _,
                    Refusal.OfDevice _,
                    Refusal.OfCatalog _,
                    Refusal.OfBatch _,
                    Refusal.OfBatchPool _,
                    Refusal.OfAnswer _ -> badRequest(sentence);
        };
    }

    private static Problem problem(StreamJobRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND -> notFound(sentence);
            case RUNNING -> new Problem(409, "JobAlreadyRunning", sentence);
            case NOT_RUNNING -> new Problem(409, "JobNotRunning", sentence);
            case PRECONDITION_FAILED -> new Problem(412, "PreconditionFailed", sentence);
            case INVALID, INCOMPLETE, UNKNOWN -> badRequest(sentence);
        };
    }

    private static Problem problem(ScheduleRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND -> notFound(sentence);
            case EXISTS, CHANGED_MEANWHILE, COMPLETED, INVALID, UNKNOWN -> badRequest(sentence);
        };
    }

    private static Problem problem(SiteRefusalReason reason, String sentence) {
        return switch (reason) {
            case NOT_FOUND -> notFound(sentence);
            case RUNNING, STOPPED, BEGUN, LATE -> new Problem(409, "Conflict", sentence);
            case INVALID, TOO_MANY_JOBS, UNKNOWN -> badRequest(sentence);
        };
    }

    @Override
    public Problem named(Problem problem) {
        return switch (problem.name()) {
            case "ArgumentInvalid", "ArgumentNull", "BadFormat" ->
                new Problem(400, "BadRequest", problem.message(), problem.details());
            default -> problem;
        };
    }

    private static Problem notFound(String sentence) {
        return new Problem(404, "ResourceNotFound", sentence);
    }

    private static Problem badRequest(String sentence) {
        return new Problem(400, "BadRequest", sentence);
    }

    @Override
    public Problem noRoute(String path) {
        return namespace(path)
                .filter(_ -> namespace.isEmpty())
                .map(name -> new Problem(
                        404,
                        "InvalidResourceType",
                        "There is no resource provider " + name + " here: correct the path."))
                .orElseGet(() -> Surface.super.noRoute(path));
    }

    @Override
    public Envelope envelope(Problem problem, String route, Instant now) {
        return new Envelope(problem.ofResourceManager().toString(), Map.of());
    }
}
