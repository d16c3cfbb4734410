package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Grant;
import io.muster.api.access.Role;
import io.muster.api.access.Throttles;
import io.muster.api.credential.ApiTokens;
import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Serves an application of IoT Central below {@code /api}. Contract: iot-central, 1.1. */
public final class Central implements Surface {
    static final String MOUNT = "/~central";
    private static final String REQUEST_ID = "x-ms-request-id";
    private static final Set<String> VERSIONS =
            Set.of("2022-07-31", "2022-06-30-preview", "2022-10-31-preview", "1.2-preview", "1.1-preview");
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    private static final DateTimeFormatter RFC_1123 = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private final Gate gate;
    private final ApiTokens tokens;

    /** Makes one. */
    public Central(Gate gate, ApiTokens tokens) {
        this.gate = gate;
        this.tokens = tokens;
    }

    @Override
    public String mount() {
        return MOUNT;
    }

    @Override
    public boolean serves(Arrival arrival) {
        return CentralPath.isBelowApi(arrival.path());
    }

    @Override
    public String path(Arrival arrival) {
        return CentralPath.lead(arrival.path());
    }

    @Override
    public Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now) {
        @Nullable String authorization = request.getHeaders().get("Authorization");
        return Optional.of(tokens.holder(authorization, now).orElseGet(() -> gate.identify(authorization, path, now)));
    }

    @Override
    public Grant grant(String method, String route) {
        boolean reads = READING.contains(method);
        if (route.startsWith("/api/apiTokens") || route.endsWith("/credentials")) {
            return new Grant(EnumSet.of(reads ? Right.REGISTRY_READ : Right.REGISTRY_WRITE), Role.ADMINISTER);
        }
        if (route.startsWith("/api/device") && !route.startsWith("/api/deviceGroups")) {
            return reads
                    ? new Grant(EnumSet.of(Right.REGISTRY_READ), Role.READ)
                    : new Grant(EnumSet.of(Right.REGISTRY_WRITE), Role.ADMINISTER);
        }
        if (route.startsWith("/api/deviceGroups") && reads) {
            return new Grant(EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_READ), Role.READ);
        }
        return new Grant(
                EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_WRITE, Right.JOBS), reads ? Role.READ : Role.OPERATE);
    }

    @Override
    public void checkVersion(@Nullable String version) {
        if (version == null || !VERSIONS.contains(version)) {
            throw new ProblemException(new Problem(
                    400,
                    "InvalidApiVersion",
                    "Give an api-version of " + VERSIONS.stream().sorted().toList() + "."));
        }
    }

    @Override
    public Problem notAllowed(String message) {
        return new Problem(403, "Forbidden", message);
    }

    @Override
    public String challenge() {
        return "SharedAccessSignature realm=\"central\"";
    }

    @Override
    public Optional<Throttles.Kind> limitedAs(String route) {
        return Optional.of(Throttles.Kind.CENTRAL);
    }

    @Override
    public Problem problem(Refusal refusal) {
        return Refusals.of(refusal);
    }

    @Override
    public Problem named(Problem problem) {
        return switch (problem.name()) {
            case "ArgumentInvalid", "ArgumentNull", "BadFormat" -> renamed(problem, "BadRequest");
            case "MessageTooLarge" -> renamed(problem, "RequestBodyTooLarge");
            case "ThrottlingException" -> renamed(problem, "TooManyRequests");
            case "ServerError" -> renamed(problem, "InternalServerError");
            default -> problem;
        };
    }

    private static Problem renamed(Problem problem, String name) {
        return new Problem(problem.status(), name, problem.message());
    }

    @Override
    public Problem noRoute(String path) {
        return new Problem(404, "NoSuchRoute", "IoT Central has nothing at " + path + ".");
    }

    @Override
    public Envelope envelope(Problem problem, String route, Instant now) {
        String requestId = UUID.randomUUID().toString();
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.putObject("error")
                .put("code", problem.name())
                .put("message", problem.message())
                .put("requestId", requestId)
                .put("time", RFC_1123.format(now));
        return new Envelope(body.toString(), Map.of("x-ms-error-code", problem.name(), REQUEST_ID, requestId));
    }
}
