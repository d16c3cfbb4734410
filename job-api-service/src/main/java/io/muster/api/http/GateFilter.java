package io.muster.api.http;

import io.micronaut.http.BasicHttpAttributes;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ResponseFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.muster.api.access.Audit;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Operations;
import io.muster.api.access.RefusalLimit;
import io.muster.api.access.SignInLinks;
import io.muster.api.access.Throttles;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.AuditEntry;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Checks version and token of every request to IoT Hub's API, counts answers, and keeps who asked for what. */
@ServerFilter(ServerFilter.MATCH_ALL_PATTERN)
final class GateFilter {
    private static final String CALLER = "io.muster.caller";
    private static final String SIGNED_IN = "io.muster.signed-in";
    private static final String CHALLENGE = "WWW-Authenticate";
    private static final String BEARER = "Bearer realm=\"muster\"";
    private static final String ARRIVED = "io.muster.arrived";
    private static final int LONGEST_KEPT = 512;
    private static final Duration A_MOMENT = Duration.ofSeconds(1);

    private final Gate gate;
    private final Throttles throttles;
    private final SignInLinks links;
    private final Time time;
    private final ApiMeters meters;
    private final Audit audit;
    private final RefusalLimit refusals;

    GateFilter(Gate gate, Throttles throttles, SignInLinks links, Time time, ApiMeters meters, Audit audit) {
        this.refusals = new RefusalLimit(time.now());
        this.audit = audit;
        this.gate = gate;
        this.throttles = throttles;
        this.links = links;
        this.time = time;
        this.meters = meters;
    }

    /**
     * Returns the template of the route that a request takes; its path where no route takes it. Rights, throttles and audit are decided on that: a
     * device may be called {@code query}.
     */
    static String route(HttpRequest<?> request) {
        return BasicHttpAttributes.getUriTemplate(request).orElseGet(request::getPath);
    }

    /** Returns the caller. @throws java.util.NoSuchElementException where nobody had to show a token */
    static Caller caller(HttpRequest<?> request) {
        return request.getAttribute(CALLER, Caller.class).orElseThrow();
    }

    @RequestFilter
    @Nullable
    HttpResponse<?> before(HttpRequest<?> request) {
        request.setAttribute(ARRIVED, System.nanoTime());
        @Nullable MutableHttpResponse<?> refusal = refusal(request, request.getPath(), route(request));
        if (refusal != null) {
            // What a filter answers does not come by its own response filter.
            after(request, refusal);
        }
        return refusal;
    }

    private @Nullable MutableHttpResponse<?> refusal(HttpRequest<?> request, String path, String route) {
        if (isOpen(route)) {
            return route.equals(MqttOverWebSocket.PATH) && !MqttOverWebSocket.serves(request)
                    ? refused(path, Problem.argumentInvalid("This is MQTT: ask for the subprotocol mqtt."), A_MOMENT)
                    : null;
        }
        try {
            if (Operations.isLive(route)) {
                checkLive(request, path, route);
                return null;
            }
            Caller caller = identify(request, path, route);
            @Nullable String version = request.getParameters().get("api-version");
            if (StreamJobController.serves(path)) {
                StreamJobController.checkVersion(version);
                return null;
            }
            gate.checkVersion(version);
            Optional<Duration> wait = throttles.take(caller.id(), route, time.now());
            if (wait.isEmpty()) {
                return null;
            }
            meters.throttled(Throttles.Kind.of(route));
            return refused(path, Problem.throttled("Too many requests of this kind: try again later."), wait.get());
        } catch (ProblemException e) {
            return path.equals("/") && e.problem().status() == 401 && PageController.isBrowser(request)
                    ? PageController.signInPage().header(CHALLENGE, BEARER)
                    : refused(path, e.problem(), A_MOMENT);
        }
    }

    private Caller identify(HttpRequest<?> request, String path, String route) {
        Caller caller = gate.identify(request.getHeaders().get("Authorization"), path, time.now());
        request.setAttribute(CALLER, caller);
        gate.allow(caller, request.getMethodName(), route);
        return caller;
    }

    /** The page of jobs: a browser that is signed in reads it; a token may do as everywhere. A link that signs in brings its own proof. */
    private void checkLive(HttpRequest<?> request, String path, String route) {
        if (!gate.isOurs(request.getHeaders().get("Host"))) {
            throw new ProblemException(new Problem(
                    421,
                    421000,
                    "MisdirectedRequest",
                    "The header Host names none of this hub's names: see hub.hosts."));
        }
        @Nullable String link = PageController.link(request);
        if (link != null) {
            Caller caller = gate.signIn(link, links, time.now());
            request.setAttribute(CALLER, caller);
            request.setAttribute(SIGNED_IN, true);
            gate.allow(caller, request.getMethodName(), route);
            return;
        }
        Optional<Caller> signedIn = request.getMethodName().equals("GET")
                ? request.getCookies()
                        .findCookie(PageController.COOKIE)
                        .flatMap(cookie -> gate.signedIn(cookie.getValue(), time.now()))
                : Optional.empty();
        if (signedIn.isPresent()) {
            request.setAttribute(CALLER, signedIn.get());
            gate.allow(signedIn.get(), request.getMethodName(), route);
        } else {
            identify(request, path, route);
            if (request.getMethodName().equals("POST")) {
                request.setAttribute(SIGNED_IN, true);
            }
        }
    }

    /** @param wait until it may be otherwise, where that is to be expected */
    private MutableHttpResponse<?> refused(String path, Problem problem, Duration wait) {
        MutableHttpResponse<?> answer = StreamJobController.serves(path)
                ? Answers.problem(problem)
                : Answers.problem(problem, false, time.now());
        if (problem.status() == 401) {
            answer.header(CHALLENGE, BEARER);
        }
        return problem.status() == 429 || problem.status() == 503
                ? answer.header(
                        "Retry-After", Long.toString(wait.plusMillis(999).toSeconds()))
                : answer;
    }

    @ResponseFilter
    void after(HttpRequest<?> request, MutableHttpResponse<?> response) {
        String requestId = UUID.randomUUID().toString();
        response.header("x-ms-request-id", requestId);
        String code = response.getHeaders().get("iothub-errorcode");
        SecurityHeaders.each(request.isSecure(), request.getHeaders().get("Host"), (name, value) -> {
            if (!response.getHeaders().contains(name)) {
                response.header(name, value);
            }
        });
        meters.answered(request.getMethodName(), response.code(), code);
        request.getAttribute(ARRIVED, Long.class)
                .ifPresent(since -> meters.took(operation(request), Duration.ofNanos(System.nanoTime() - since)));
        if (Operations.changes(request.getMethodName(), route(request))
                || request.getAttribute(SIGNED_IN).isPresent()) {
            keep(request, response.code(), code, requestId);
        }
    }

    private static String operation(HttpRequest<?> request) {
        return BasicHttpAttributes.getUriTemplate(request)
                .map(route -> RequestRules.methodName(request.getMethodName()) + " " + route)
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
                .setPath(cut(request.getPath()))
                .setStatus(status)
                .setCode(code)
                .setRequestId(requestId)
                .setClientRequestId(request.getHeaders()
                        .findFirst("x-ms-client-request-id")
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
            case Caller.Person person -> entry.setSubject(person.subject()).setPerson(person.name());
        }
    }

    private static boolean isOpen(String route) {
        return route.equals("/openapi.yaml")
                || route.equals(PageController.SIGN_IN_SCRIPT)
                || route.equals(MqttOverWebSocket.PATH);
    }
}
