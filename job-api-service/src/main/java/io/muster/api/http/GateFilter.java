package io.muster.api.http;

import io.micrometer.core.instrument.MeterRegistry;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ResponseFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.muster.api.access.Audit;
import io.muster.api.access.Gate;
import io.muster.api.access.Throttles;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.AuditEntry;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Checks version and token of every request to IoT Hub's API, counts answers, and keeps who asked for what. */
@ServerFilter(ServerFilter.MATCH_ALL_PATTERN)
final class GateFilter {
    private static final String BEARER = "Bearer ";
    private static final String POLICY = "io.muster.policy";
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");

    private final Gate gate;
    private final Throttles throttles;
    private final LiveAccess live;
    private final Time time;
    private final MeterRegistry meters;
    private final Audit audit;

    GateFilter(Gate gate, Throttles throttles, LiveAccess live, Time time, MeterRegistry meters, Audit audit) {
        this.audit = audit;
        this.gate = gate;
        this.throttles = throttles;
        this.live = live;
        this.time = time;
        this.meters = meters;
    }

    @RequestFilter
    @Nullable
    HttpResponse<?> before(HttpRequest<?> request) {
        @Nullable HttpResponse<?> refusal = refusal(request);
        if (refusal == null) {
            return null;
        }
        // What a filter answers does not come by its own response filter.
        MutableHttpResponse<?> answer = refusal.toMutableResponse();
        after(request, answer);
        return answer;
    }

    private @Nullable HttpResponse<?> refusal(HttpRequest<?> request) {
        String path = request.getPath();
        if (isOpen(path) || (isLive(path) && live.open())) {
            return null;
        }
        try {
            @Nullable String token = request.getHeaders().get("Authorization");
            if (StreamJobController.serves(path)) {
                request.setAttribute(POLICY, gate.checkToken(bearer(token), request.getMethodName(), path, time.now()));
                StreamJobController.checkVersion(request.getParameters().get("api-version"));
                return null;
            }
            String policy = gate.checkToken(token, request.getMethodName(), path, time.now());
            request.setAttribute(POLICY, policy);
            if (!isLive(path)) {
                gate.checkVersion(request.getParameters().get("api-version"));
                Optional<Duration> wait = throttles.take(policy, path, time.now());
                if (wait.isPresent()) {
                    Problem problem = Problem.throttled("Too many requests of this kind: try again later.");
                    return Answers.problem(problem, false, time.now())
                            .header(
                                    "Retry-After",
                                    Long.toString(wait.get().plusMillis(999).toSeconds()));
                }
            }
            return null;
        } catch (ProblemException e) {
            return StreamJobController.serves(path)
                    ? Answers.problem(e.problem())
                    : Answers.problem(e.problem(), false, time.now());
        }
    }

    /** Clients of Azure's resource manager can send a token as a bearer's only: it is a shared access signature all the same. */
    private static @Nullable String bearer(@Nullable String authorization) {
        return authorization != null && authorization.startsWith(BEARER)
                ? authorization.substring(BEARER.length())
                : authorization;
    }

    @ResponseFilter
    void after(HttpRequest<?> request, MutableHttpResponse<?> response) {
        String requestId = UUID.randomUUID().toString();
        response.header("x-ms-request-id", requestId);
        String code = response.getHeaders().get("iothub-errorcode");
        meters.counter(
                        "muster.api.answers",
                        "method",
                        request.getMethodName(),
                        "status",
                        Integer.toString(response.code()),
                        "code",
                        code == null ? "none" : code)
                .increment();
        if (asks(request)) {
            audit.keep(AuditEntry.newBuilder()
                    .setAt(time.now())
                    .setPolicy(request.getAttribute(POLICY, String.class).orElse(null))
                    .setRemoteAddress(request.getRemoteAddress().getAddress().getHostAddress())
                    .setMethod(request.getMethodName())
                    .setPath(request.getPath())
                    .setStatus(response.code())
                    .setCode(code)
                    .setRequestId(requestId)
                    .setClientRequestId(request.getHeaders().get("x-ms-client-request-id"))
                    .build());
        }
    }

    /** Whether it asks for more than to be told something. */
    private static boolean asks(HttpRequest<?> request) {
        return !READING.contains(request.getMethodName()) && !request.getPath().equals("/devices/query");
    }

    private static boolean isOpen(String path) {
        return path.equals("/openapi.yaml") || path.equals(MqttOverWebSocket.PATH);
    }

    private static boolean isLive(String path) {
        return path.equals("/") || path.startsWith("/live");
    }

    /** @param open whether the page of live numbers is shown to anybody who can reach the port */
    record LiveAccess(boolean open) {}
}
