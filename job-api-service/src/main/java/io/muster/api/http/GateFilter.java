package io.muster.api.http;

import io.micronaut.http.BasicHttpAttributes;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ResponseFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.muster.api.access.Audit;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.RefusalLimit;
import io.muster.api.access.Throttles;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Surface;
import io.muster.api.surface.Surfaces;
import io.muster.records.AuditEntry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Lets a request through to its surface's routes, or refuses it in that surface's form; counts answers, and keeps who asked for what. */
@ServerFilter(ServerFilter.MATCH_ALL_PATTERN)
final class GateFilter {
    private static final String CALLER = "io.muster.caller";
    private static final String RETRY_AFTER = "Retry-After";
    /** Says in seconds when to ask again for what may pass, where no better time is known. */
    private static final String SOON = "1";

    private static final String CHALLENGE = "WWW-Authenticate";
    private static final String ARRIVED = "io.muster.arrived";
    private static final String REQUEST_ID = "x-ms-request-id";
    private static final int LONGEST_KEPT = 512;
    private static final List<String> CLIENT_IDS = List.of("x-ms-client-request-id", "client-request-id");
    private static final Pattern CLIENT_ID = Pattern.compile("[\\x21-\\x7e]{1,128}");
    private static final Duration A_MOMENT = Duration.ofSeconds(1);

    private final Surfaces surfaces;
    private final Throttles throttles;
    private final Time time;
    private final ApiMeters meters;
    private final Audit audit;
    private final RefusalLimit refusals;

    GateFilter(Surfaces surfaces, Throttles throttles, Time time, ApiMeters meters, Audit audit) {
        this.surfaces = surfaces;
        this.refusals = new RefusalLimit(time.now());
        this.audit = audit;
        this.throttles = throttles;
        this.time = time;
        this.meters = meters;
    }

    /** Returns the template of the route that a request takes, with its mount; its path where no route takes it. */
    private static String template(HttpRequest<?> request) {
        return BasicHttpAttributes.getUriTemplate(request).orElseGet(request::getPath);
    }

    /** Returns the surface that a request is for. Rights, throttles and audit go by its route: a device may be called {@code query}. */
    static Surface surface(Surfaces surfaces, HttpRequest<?> request) {
        return surfaces.of(template(request));
    }

    /** Returns a request's route, see {@link Surface}. */
    static String route(HttpRequest<?> request) {
        return Surfaces.unmounted(template(request));
    }

    /** Returns the caller. @throws java.util.NoSuchElementException where nobody had to show a token */
    static Caller caller(HttpRequest<?> request) {
        return request.getAttribute(CALLER, Caller.class).orElseThrow();
    }

    @RequestFilter
    @Nullable
    MutableHttpResponse<?> before(HttpRequest<?> request) {
        request.setAttribute(ARRIVED, System.nanoTime());
        @Nullable MutableHttpResponse<?> refusal = refusal(request, surface(surfaces, request), route(request));
        if (refusal != null) {
            // An answer of a filter does not pass its own response filter.
            after(request, refusal);
        }
        return refusal;
    }

    private @Nullable MutableHttpResponse<?> refusal(HttpRequest<?> request, Surface surface, String route) {
        String path = Surfaces.unmounted(request.getPath());
        try {
            Optional<Caller> caller = surface.identify(request, path, route, time.now());
            if (caller.isEmpty()) {
                return null;
            }
            request.setAttribute(CALLER, caller.get());
            Optional<String> disallowed = Gate.disallows(caller.get(), surface.grant(request.getMethodName(), route));
            if (disallowed.isPresent()) {
                throw new ProblemException(surface.notAllowed(disallowed.get()));
            }
            if (BasicHttpAttributes.getUriTemplate(request).isPresent()) {
                surface.checkVersion(request.getParameters().get("api-version"));
            }
            return throttled(caller.get(), surface, route);
        } catch (ProblemException e) {
            return surface.page(request, path, e.problem())
                    .<MutableHttpResponse<?>>map(page -> page.header(CHALLENGE, surface.challenge()))
                    .orElseGet(() -> refused(surface, route, e.problem(), A_MOMENT));
        }
    }

    private @Nullable MutableHttpResponse<?> throttled(Caller caller, Surface surface, String route) {
        Optional<Throttles.Kind> kind = surface.limitedAs(route);
        Optional<Duration> wait = kind.flatMap(limited -> throttles.take(caller.id(), limited, time.now()));
        if (wait.isEmpty()) {
            return null;
        }
        meters.throttled(kind.orElseThrow());
        return refused(
                surface, route, Problem.throttled("Too many requests of this kind: try again later."), wait.get());
    }

    /**
     * Returns a refusal in the surface's form: with its challenge where it is 401, and with a time to wait where it is 429 or 503.
     *
     * @param wait until it may be otherwise, where that is to be expected
     */
    private MutableHttpResponse<?> refused(Surface surface, String route, Problem fault, Duration wait) {
        Problem problem = surface.named(fault);
        MutableHttpResponse<?> answer = Answers.problem(problem, surface.envelope(problem, route, time.now()));
        if (problem.status() == 401) {
            answer.header(CHALLENGE, surface.challenge());
        }
        return problem.status() == 429 || problem.status() == 503
                ? answer.header(RETRY_AFTER, Long.toString(wait.plusMillis(999).toSeconds()))
                : answer;
    }

    @ResponseFilter
    void after(HttpRequest<?> request, MutableHttpResponse<?> response) {
        String requestId = requestId(response);
        @Nullable String code = Answers.code(response).orElse(null);
        Surface surface = surface(surfaces, request);
        echoClientIds(request, response);
        surface.complete(request, response);
        boolean mayPass = response.code() == 429 || response.code() == 503;
        if (mayPass && !response.getHeaders().contains(RETRY_AFTER)) {
            response.header(RETRY_AFTER, SOON);
        }
        SecurityHeaders.each(request.isSecure(), request.getHeaders().get("Host"), (name, value) -> {
            if (!response.getHeaders().contains(name)) {
                response.header(name, value);
            }
        });
        meters.answered(request.getMethodName(), response.code(), code);
        request.getAttribute(ARRIVED, Long.class)
                .ifPresent(since -> meters.took(operation(request), Duration.ofNanos(System.nanoTime() - since)));
        if (surface.isAudited(request, route(request))) {
            keep(request, response.code(), code, requestId);
        }
    }

    /** Returns our id of a request: the one that its refusal has, where that shows one. */
    private static String requestId(MutableHttpResponse<?> response) {
        return response.getHeaders().findFirst(REQUEST_ID).orElseGet(() -> {
            String fresh = UUID.randomUUID().toString();
            response.header(REQUEST_ID, fresh);
            return fresh;
        });
    }

    /** Sends a caller its own ids of the request back. */
    private static void echoClientIds(HttpRequest<?> request, MutableHttpResponse<?> response) {
        for (String name : CLIENT_IDS) {
            request.getHeaders()
                    .findFirst(name)
                    .filter(id -> CLIENT_ID.matcher(id).matches())
                    .ifPresent(id -> response.header(name, id));
        }
    }

    private static String operation(HttpRequest<?> request) {
        return BasicHttpAttributes.getUriTemplate(request)
                .map(template -> RequestRules.methodName(request.getMethodName()) + " " + Surfaces.unmounted(template))
                .orElse("none");
    }

    private void keep(HttpRequest<?> request, int status, @Nullable String code, String requestId) {
        String address = request.getRemoteAddress().getAddress().getHostAddress();
        Optional<Caller> caller = request.getAttribute(CALLER, Caller.class);
        if (caller.isEmpty() && !refusals.keeps(address, time.now())) {
            meters.unkept();
            return;
        }
        AuditEntry.Builder entry = AuditEntry.newBuilder()
                .setAt(time.now())
                .setRemoteAddress(address)
                .setMethod(request.getMethodName())
                .setPath(cut(Surfaces.unmounted(request.getPath())))
                .setStatus(status)
                .setCode(code)
                .setRequestId(requestId)
                .setClientRequestId(request.getHeaders()
                        .findFirst(CLIENT_IDS.getFirst())
                        .map(GateFilter::cut)
                        .orElse(null));
        caller.ifPresent(known -> name(known, entry));
        audit.keep(entry.build());
    }

    private static String cut(String text) {
        return text.length() <= LONGEST_KEPT ? text : text.substring(0, LONGEST_KEPT) + "…";
    }

    private static void name(Caller caller, AuditEntry.Builder entry) {
        switch (caller) {
            case Caller.Program program -> entry.setPolicy(program.policy());
            case Caller.Token token -> entry.setPolicy(token.id());
            case Caller.Person person -> entry.setSubject(person.subject()).setPerson(person.name());
        }
    }
}
