package io.muster.api.surface.batch;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MutableHttpResponse;
import io.muster.access.Right;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.access.Grant;
import io.muster.api.access.Role;
import io.muster.api.access.Throttles;
import io.muster.api.credential.SharedKey;
import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Serves the Batch account: each request that a SharedKey signs, whatever its path. Contract: batch, 3.4; addresses. */
public final class Batch implements Surface {
    static final String MOUNT = "/~batch";
    static final String JSON = "application/json; odata=minimalmetadata; charset=utf-8";

    /** Lists the versions whose requests and answers are as we write them. */
    private static final Set<String> VERSIONS = Set.of(
            "2018-12-01.8.0",
            "2019-06-01.9.0",
            "2019-08-01.10.0",
            "2020-03-01.11.0",
            "2020-09-01.12.0",
            "2021-06-01.14.0",
            "2022-01-01.15.0",
            "2022-10-01.16.0",
            "2023-05-01.17.0",
            "2023-11-01.18.0",
            "2024-02-01.19.0",
            "2024-07-01.20.0");

    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    /** Names what is asked of a job or a task that orders nothing new: it stops work, or lets it go on. */
    private static final Set<String> OPERATING = Set.of("enable", "disable", "terminate", "reactivate");

    private static final Set<String> JOBS = Set.of("jobs", "jobschedules");
    private static final String ID = "request-id";

    private final Gate gate;

    /** Makes one. */
    public Batch(Gate gate) {
        this.gate = gate;
    }

    @Override
    public String mount() {
        return MOUNT;
    }

    @Override
    public boolean isNamedBy(String host) {
        return BatchPath.accountOfHost(host).isPresent();
    }

    @Override
    public boolean serves(Arrival arrival) {
        return SharedKey.hasScheme(arrival.authorization())
                || BatchPath.accountOfPath(arrival.path()).isPresent();
    }

    @Override
    public String path(Arrival arrival) {
        return BatchPath.lead(arrival.path());
    }

    @Override
    public Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now) {
        @Nullable String authorization = request.getHeaders().get("Authorization");
        if (authorization == null) {
            throw new ProblemException(
                    Problem.unauthorized("Sign the request with the account's key: Authorization: SharedKey."));
        }
        if (!SharedKey.hasScheme(authorization)) {
            return Optional.of(gate.identify(authorization, path, now));
        }
        String sent =
                Optional.ofNullable(request.getHeaders().get(Arrival.SENT)).orElse(path);
        return Optional.of(signed(request, authorization, sent, now));
    }

    private Caller signed(HttpRequest<?> request, String authorization, String sent, Instant now) {
        SharedKey key = SharedKey.parse(authorization)
                .orElseThrow(() -> failed("The header Authorization is SharedKey {account}:{signature}."));
        if (request.getHeaders().contains("Transfer-Encoding")) {
            throw new ProblemException(new Problem(
                    411,
                    "MissingContentLengthHeader",
                    "Send the header Content-Length: a signature is of it, and of no body in chunks."));
        }
        if (!SharedKey.isTimely(request.getHeaders(), now)) {
            throw failed("The header ocp-date is a date as RFC 1123 has it, within 15 minutes of now.");
        }
        String host =
                Optional.ofNullable(request.getHeaders().get("Host")).orElse("").toLowerCase(Locale.ROOT);
        boolean isOther = BatchPath.accountOfHost(host)
                .or(() -> BatchPath.accountOfPath(sent))
                .filter(account -> !account.equalsIgnoreCase(key.account()))
                .isPresent();
        if (isOther) {
            throw failed("The signature is of another account than the address.");
        }
        try {
            return gate.signedBy(key.texts(request, sent), key.signature());
        } catch (ProblemException e) {
            throw failed("No key of the account has signed this request.");
        }
    }

    private static ProblemException failed(String message) {
        return new ProblemException(new Problem(403, "AuthenticationFailed", message));
    }

    @Override
    public Grant grant(String method, String route) {
        EnumSet<Right> either = EnumSet.of(Right.COMPUTE, Right.JOBS);
        if (READING.contains(method)) {
            return new Grant(either, Role.READ);
        }
        return operates(method, List.of(route.split("/", -1)))
                ? new Grant(either, Role.OPERATE)
                : new Grant(EnumSet.of(Right.COMPUTE), Role.ADMINISTER);
    }

    /** @param words of a route: an empty one, jobs, a job's id, and so on. An id may be a word, too */
    private static boolean operates(String method, List<String> words) {
        boolean isOfJob = words.size() > 2 && JOBS.contains(words.get(1));
        boolean isAsked = words.size() == 4 || words.size() == 6 && words.get(3).equals("tasks");
        return isOfJob
                && (method.equals("DELETE") || method.equals("POST") && isAsked && OPERATING.contains(words.getLast()));
    }

    @Override
    public Problem notAllowed(String message) {
        return new Problem(403, "AuthorizationFailed", message);
    }

    @Override
    public String challenge() {
        return "SharedKey realm=\"batch\"";
    }

    @Override
    public void checkVersion(@Nullable String version) {
        if (version == null) {
            throw new ProblemException(new Problem(
                            400,
                            "MissingRequiredQueryParameter",
                            "Give the version of the API in the parameter api-version.")
                    .with("QueryParameterName", "api-version"));
        }
        if (!VERSIONS.contains(version)) {
            throw new ProblemException(new Problem(
                            400,
                            "InvalidQueryParameterValue",
                            "The parameter api-version is one of "
                                    + VERSIONS.stream().sorted().toList() + ".")
                    .with("QueryParameterName", "api-version"));
        }
    }

    @Override
    public Optional<Throttles.Kind> limitedAs(String route) {
        return route.startsWith("/jobs") ? Optional.of(Throttles.Kind.JOBS) : Optional.empty();
    }

    @Override
    public boolean isAudited(HttpRequest<?> request, String route) {
        return !READING.contains(request.getMethodName());
    }

    @Override
    public Problem named(Problem problem) {
        return asNamed(problem);
    }

    static Problem asNamed(Problem problem) {
        return switch (problem.name()) {
            case "ArgumentInvalid" -> renamed(problem, 400, "InvalidPropertyValue");
            case "ArgumentNull" -> renamed(problem, 400, "MissingRequiredProperty");
            case "BadFormat" -> renamed(problem, 400, "InvalidRequestBody");
            case "NotFound" -> renamed(problem, 404, "ResourceNotFound");
            case "MethodNotAllowed" -> renamed(problem, 405, "UnsupportedHttpVerb");
            case "MessageTooLarge" -> renamed(problem, 413, "RequestBodyTooLarge");
            case "ThrottlingException" -> renamed(problem, 429, "TooManyRequests");
            case "ServerError" -> renamed(problem, 500, "InternalError");
            case "GatewayTimeout" -> renamed(problem, 500, "OperationTimedOut");
            case "ServiceUnavailable" -> renamed(problem, 503, "ServerBusy");
            default -> problem;
        };
    }

    private static Problem renamed(Problem problem, int status, String name) {
        return new Problem(status, name, problem.message(), problem.details());
    }

    @Override
    public Problem problem(Refusal refusal) {
        return switch (refusal) {
            case Refusal.OfBatch batch -> Refusals.of(batch.reason(), batch.sentence(), batch.member(), batch.value());
            case Refusal.OfBatchPool pool -> Refusals.of(pool.reason(), pool.sentence(), pool.member(), pool.value());
            case Refusal.OfAnswer answer -> Problem.tooLarge(answer.sentence());
            case Refusal.OfSchedule schedule -> Refusals.of(schedule.reason(), schedule.sentence());
            case Refusal.OfJob _, Refusal.OfDevice _, Refusal.OfStreamJob _, Refusal.OfCatalog _, Refusal.OfSite _ ->
                Problem.serverError();
        };
    }

    /** Says which parts of Batch are left out. */
    @Override
    public Problem noRoute(String path) {
        List<String> words = List.of(path.substring(1).replaceFirst("\\(.*", "").split("/", -1));
        return MissingParts.named(words)
                .map(Problem::notSupported)
                .orElseGet(() -> Problem.notFound("Batch has nothing at " + path + "."));
    }

    @Override
    public Envelope envelope(Problem problem, String route, Instant now) {
        String requestId = UUID.randomUUID().toString();
        ObjectNode body = JsonNodeFactory.instance
                .objectNode()
                .put("odata.metadata", "$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element")
                .put("code", problem.name());
        body.putObject("message")
                .put("lang", "en-us")
                .put("value", problem.message() + "\nRequestId:" + requestId + "\nTime:" + now);
        details(body, problem);
        return new Envelope(body.toString(), JSON, Map.of(ID, requestId));
    }

    /** Adds the parts of the request that a problem is about. */
    static void details(ObjectNode error, Problem problem) {
        if (!problem.details().isEmpty()) {
            ArrayNode values = error.putArray("values");
            problem.details()
                    .forEach(detail ->
                            values.addObject().put("key", detail.key()).put("value", detail.value()));
        }
    }

    /** Adds our id of the request under the name that Batch gives it. */
    @Override
    public void complete(HttpRequest<?> request, MutableHttpResponse<?> response) {
        if (!response.getHeaders().contains(ID)) {
            response.header(ID, UUID.randomUUID().toString());
        }
        response.header("DataServiceVersion", "3.0");
    }
}
