package io.muster.api.surface.streamanalytics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.muster.api.http.Answers;
import io.muster.api.http.Continuations;
import io.muster.api.http.Workers;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Requests;
import io.muster.api.job.StreamJobView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Surfaces;
import io.muster.records.PutStreamJob;
import io.muster.records.RefusalReason;
import io.muster.records.ReplaceStreamJob;
import io.muster.records.ScaleStreamJob;
import io.muster.records.StopStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobStatus;
import io.muster.service.endpoint.EndpointClient;
import io.muster.topics.Topics;
import jakarta.annotation.PreDestroy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Stream jobs as resources of Azure's resource manager; segments of paths are the same in any case. Contract: stream-analytics, 4.1. */
@Controller(StreamAnalytics.MOUNT)
@Consumes(MediaType.ALL)
final class StreamJobController {
    /** Lists the children that name what lies outside of the job. */
    private static final List<String> REACHING = List.of("inputs", "outputs");

    private static final String NOT_REACHED = "EndpointNotReached";

    private static final Set<String> EXPANDABLE = Set.of("inputs", "outputs", "functions", "transformation");
    private static final String RESULTS = "operationresults";
    private static final int PAGE = 100;
    private static final int TRIES = 5;

    /** Names where a path leads: to a list, a job, a child of it, or to what can be asked of one of them. */
    private record Target(
            String path,
            String job,
            @Nullable String kind,
            @Nullable String child,
            @Nullable String action) {
        /** Returns the key of its records. */
        String id() {
            return job.toLowerCase(Locale.ROOT);
        }

        boolean isList() {
            return job.isEmpty();
        }
    }

    private static final Duration ENDPOINT_LIMIT = Duration.ofSeconds(5);

    private final Requests requests;
    private final StreamJobView jobs;
    private final StreamJobReach reach;
    private final EndpointClient endpoints;
    private final Workers workers;

    /** @param workers read documents, which may compile their query and functions */
    StreamJobController(Requests requests, StreamJobView jobs, StreamJobReach reach, Workers workers) {
        this.requests = requests;
        this.jobs = jobs;
        this.reach = reach;
        this.endpoints = new EndpointClient(reach.endpoints(), ENDPOINT_LIMIT);
        this.workers = workers;
    }

    @PreDestroy
    void close() {
        endpoints.close();
    }

    private static Target target(HttpRequest<?> request) {
        String path = Surfaces.unmounted(request.getPath());
        List<String> all = List.of(path.substring(1).split("/"));
        List<String> lower =
                all.stream().map(one -> one.toLowerCase(Locale.ROOT)).toList();
        int jobs = lower.indexOf("streamingjobs");
        boolean ofGroup = jobs == 6
                && lower.subList(2, 6)
                        .equals(List.of("resourcegroups", lower.get(3), "providers", "microsoft.streamanalytics"));
        boolean ofSubscription =
                jobs == 4 && lower.subList(2, 4).equals(List.of("providers", "microsoft.streamanalytics"));
        if (!ofGroup && !ofSubscription) {
            throw new ProblemException(Problem.notFound("There is nothing at " + path + "."));
        }
        List<String> rest = all.subList(jobs + 1, all.size());
        if (rest.isEmpty()) {
            return new Target(path, "", null, null, null);
        }
        String job = "/" + String.join("/", all.subList(0, jobs + 2));
        @Nullable String next = rest.size() > 1 ? rest.get(1).toLowerCase(Locale.ROOT) : null;
        if (ofSubscription || rest.size() > 4 || !rest.getFirst().matches("[A-Za-z0-9_-]{3,63}")) {
            throw ofSubscription || rest.size() > 4
                    ? new ProblemException(Problem.notFound("There is nothing at " + path + "."))
                    : StreamJobs.bad("A job's name has 3 to 63 letters, digits, hyphens and underscores.");
        }
        if (next != null && StreamJobs.CHILDREN.contains(next)) {
            return new Target(
                    path,
                    job,
                    next,
                    rest.size() > 2 ? rest.get(2) : null,
                    rest.size() > 3 ? rest.get(3).toLowerCase(Locale.ROOT) : null);
        }
        return new Target(path, job, null, null, next);
    }

    @Get("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> get(HttpRequest<?> request) {
        return workers.get(() -> read(request));
    }

    private HttpResponse<String> read(HttpRequest<?> request) {
        Target target = target(request);
        if (target.isList()) {
            return list(request, target);
        }
        if (RESULTS.equals(target.action()) && jobs.get(target.id()).isEmpty()) {
            return HttpResponse.ok(); // Of a job that was deleted.
        }
        StreamJobView.Entry entry = entry(target);
        if (target.kind() != null) {
            return child(target, StreamJobs.parse(entry.job()));
        }
        if (target.action() != null) {
            return result(target, entry);
        }
        return answer(entry, expanded(request));
    }

    /** Returns the state of a long-running operation: as long as it is under way, 202. */
    private static HttpResponse<String> result(Target target, StreamJobView.Entry entry) {
        if (!RESULTS.equals(target.action())) {
            throw new ProblemException(Problem.notFound("There is nothing at " + target.path() + "."));
        }
        return switch (entry.job().getStatus()) {
            case STARTING, STOPPING, SCALING, DELETING, RESTARTING -> accepted(target);
            case RUNNING, DEGRADED -> entry.job().getReplacement() == null ? HttpResponse.ok() : accepted(target);
            case CREATED, STOPPED -> HttpResponse.ok();
            case FAILED ->
                throw new ProblemException(new Problem(
                        400, 400, "JobFailed", String.valueOf(entry.job().getFailureReason())));
        };
    }

    private static MutableHttpResponse<String> accepted(Target target) {
        return HttpResponse.<String>status(HttpStatus.ACCEPTED)
                .header("Location", target.job() + "/" + RESULTS + "/latest?api-version=2020-03-01")
                .header("Retry-After", "1");
    }

    private HttpResponse<String> list(HttpRequest<?> request, Target target) {
        String prefix = target.path().toLowerCase(Locale.ROOT) + "/";
        boolean ofSubscription = !prefix.contains("/resourcegroups/");
        String start = ofSubscription ? prefix.substring(0, prefix.indexOf("/providers/") + 1) : prefix;
        @Nullable
        String after = Optional.ofNullable(request.getParameters().get("$skiptoken"))
                .map(Continuations::text)
                .orElse(null);
        List<StreamJobView.Entry> found = jobs.page(start, after, PAGE + 1);
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ArrayNode value = body.putArray("value");
        Set<String> expanded = expanded(request);
        found.stream().limit(PAGE).forEach(entry -> value.add(StreamJobs.view(entry, expanded)));
        if (found.size() > PAGE) {
            String last = found.get(PAGE - 1).job().getStreamJobId();
            String token =
                    Base64.getUrlEncoder().withoutPadding().encodeToString(last.getBytes(StandardCharsets.UTF_8));
            body.put(
                    "nextLink",
                    (request.isSecure() ? "https://" : "http://")
                            + request.getHeaders().get("Host") + target.path() + "?api-version="
                            + request.getParameters().get("api-version") + "&$skiptoken=" + token);
        }
        return Answers.ok(body);
    }

    private static Set<String> expanded(HttpRequest<?> request) {
        Set<String> kinds = new LinkedHashSet<>();
        Arrays.stream(Optional.ofNullable(request.getParameters().get("$expand"))
                        .orElse("")
                        .split(","))
                .map(kind -> kind.strip().toLowerCase(Locale.ROOT))
                .filter(EXPANDABLE::contains)
                .forEach(kinds::add);
        return kinds;
    }

    private StreamJobView.Entry entry(Target target) {
        return jobs.get(target.id()).orElseThrow(() -> notFound("There is no stream job at " + target.job() + "."));
    }

    private static ProblemException notFound(String message) {
        return new ProblemException(new Problem(404, 404, "ResourceNotFound", message));
    }

    private HttpResponse<String> child(Target target, ObjectNode document) {
        String kind = String.valueOf(target.kind());
        if (target.child() == null) {
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            ArrayNode value = body.putArray("value");
            StreamJobs.children(document, kind).forEach(one -> value.add(StreamJobs.view(document, kind, one)));
            return Answers.ok(body);
        }
        return childAnswer(target, document, HttpStatus.OK);
    }

    private HttpResponse<String> childAnswer(Target target, ObjectNode document, HttpStatus status) {
        ObjectNode child = existingChild(target, document);
        String kind = String.valueOf(target.kind());
        ObjectNode view = StreamJobs.view(document, kind, child);
        refusal(kind, child).ifPresent(refused -> StreamJobs.diagnose(view, refused.code(), refused.message()));
        return Answers.ok(view).status(status).header("ETag", StreamJobs.etag(child));
    }

    private static ObjectNode existingChild(Target target, ObjectNode document) {
        return StreamJobs.child(document, String.valueOf(target.kind()), String.valueOf(target.child()))
                .orElseThrow(() -> notFound("There is nothing at " + target.path() + "."));
    }

    @Put("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @Body byte[] body) {
        return workers.run(() -> putNow(request, body));
    }

    private CompletionStage<HttpResponse<String>> putNow(HttpRequest<?> request, byte[] body) {
        Target target = target(request);
        ObjectNode given = object(body);
        if (target.kind() != null) {
            return putChild(request, target, given, false);
        }
        rejectAction(target);
        Optional<StreamJobView.Entry> known = jobs.get(target.id());
        if ("*".equals(unquoted(request, "If-None-Match")) && known.isPresent()) {
            throw changed("There is a stream job of that name.");
        }
        known.ifPresent(entry -> checkMatch(request, StreamJobs.parse(entry.job())));
        if (known.isEmpty() && unquoted(request, "If-Match") != null) {
            throw changed("There is no stream job of that name.");
        }
        ObjectNode document = StreamJobs.document(target.job(), given);
        long revision = known.map(entry -> entry.job().getRevision()).orElse(0L);
        CompletableFuture<StreamJob> written = write(target, new PutStreamJob(document.toString(), revision));
        JsonNode properties = given.path("properties");
        if (properties.path("outputStartMode").isTextual()) {
            written = written.thenCompose(_ -> start(target, startOf(properties)));
        }
        HttpStatus status = known.isPresent() ? HttpStatus.OK : HttpStatus.CREATED;
        return written.thenApply(_ -> answer(entry(target), EXPANDABLE).status(status));
    }

    private static ObjectNode startOf(JsonNode properties) {
        ObjectNode start = JsonNodeFactory.instance.objectNode();
        for (String member : List.of("outputStartMode", "outputStartTime")) {
            if (properties.has(member)) {
                start.set(member, properties.get(member));
            }
        }
        return start;
    }

    private CompletionStage<HttpResponse<String>> putChild(
            HttpRequest<?> request, Target target, ObjectNode given, boolean patch) {
        String kind = String.valueOf(target.kind());
        if (target.child() == null || target.action() != null) {
            throw new ProblemException(Problem.notFound("There is nothing to write at " + target.path() + "."));
        }
        String name = target.child();
        return edit(target, TRIES, document -> {
                    Optional<ObjectNode> known = StreamJobs.child(document, kind, name);
                    if ("*".equals(unquoted(request, "If-None-Match")) && known.isPresent()) {
                        throw changed("There is one of that name.");
                    }
                    known.ifPresent(child -> checkMatch(request, child));
                    if (patch) {
                        existingChild(target, document);
                        return StreamJobs.patchedChild(document, kind, name, given);
                    }
                    return StreamJobs.withChild(document, kind, name, given);
                })
                .thenApply(before -> childAnswer(
                        target,
                        StreamJobs.parse(entry(target).job()),
                        StreamJobs.child(before, kind, name).isPresent() ? HttpStatus.OK : HttpStatus.CREATED));
    }

    /** One change of a document; where somebody else was faster it is made again. @return the document before */
    private CompletableFuture<ObjectNode> edit(Target target, int tries, UnaryOperator<ObjectNode> change) {
        StreamJob job = entry(target).job();
        ObjectNode before = StreamJobs.parse(job);
        PutStreamJob put = new PutStreamJob(change.apply(before).toString(), job.getRevision());
        return write(target, put)
                .thenApply(_ -> before)
                .exceptionallyCompose(error -> tries > 1 && isLate(error)
                        ? edit(target, tries - 1, change)
                        : CompletableFuture.failedFuture(error));
    }

    @Patch("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> patch(HttpRequest<?> request, @Body byte[] body) {
        return workers.run(() -> patchNow(request, body));
    }

    private CompletionStage<HttpResponse<String>> patchNow(HttpRequest<?> request, byte[] body) {
        Target target = target(request);
        ObjectNode given = object(body);
        if (target.kind() != null) {
            return putChild(request, target, given, true);
        }
        rejectAction(target);
        return edit(target, TRIES, document -> {
                    checkMatch(request, document);
                    return StreamJobs.patched(document, given);
                })
                .thenApply(_ -> answer(entry(target), Set.of()));
    }

    @Delete("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request) {
        return workers.run(() -> deleteNow(request));
    }

    private CompletionStage<HttpResponse<String>> deleteNow(HttpRequest<?> request) {
        Target target = target(request);
        if (target.kind() != null) {
            String kind = target.kind();
            String name = String.valueOf(target.child());
            if (StreamJobs.child(StreamJobs.parse(entry(target).job()), kind, name)
                    .isEmpty()) {
                return CompletableFuture.completedFuture(HttpResponse.noContent());
            }
            return edit(target, TRIES, document -> {
                        StreamJobs.child(document, kind, name).ifPresent(child -> checkMatch(request, child));
                        return StreamJobs.withoutChild(document, kind, name);
                    })
                    .thenApply(_ -> HttpResponse.ok());
        }
        rejectAction(target);
        if (jobs.get(target.id()).isEmpty()) {
            return CompletableFuture.completedFuture(HttpResponse.noContent());
        }
        return workers.after(requests.deleteStreamJob(target.id()))
                .thenApply(left -> left.map(job -> settled(target, job)).orElseGet(HttpResponse::ok));
    }

    @Post("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> post(
            HttpRequest<?> request, @io.micronaut.core.annotation.Nullable @Body byte[] body) {
        return workers.run(() -> postNow(request, body));
    }

    private CompletionStage<HttpResponse<String>> postNow(HttpRequest<?> request, byte @Nullable [] body) {
        Target target = target(request);
        String action = String.valueOf(target.action());
        if (target.kind() != null) {
            if (!action.equals("test")) {
                throw new ProblemException(Problem.notFound("There is nothing to ask at " + target.path() + "."));
            }
            return test(target);
        }
        return switch (action) {
            case "start" ->
                start(target, body == null || body.length == 0 ? null : object(body))
                        .thenApply(_ -> accepted(target));
            case "stop" -> stop(target);
            case "replace" -> replace(target, object(body == null ? new byte[0] : body));
            case "scale" -> scale(target, object(body == null ? new byte[0] : body));
            default ->
                throw new ProblemException(Problem.notFound("There is nothing to ask at " + target.path() + "."));
        };
    }

    private CompletableFuture<StreamJob> start(Target target, @Nullable JsonNode body) {
        StreamJobView.Entry entry = entry(target);
        return write(target, StreamJobs.start(body, entry, StreamJobs.parse(entry.job())));
    }

    private CompletionStage<HttpResponse<String>> stop(Target target) {
        entry(target);
        return write(target, new StopStreamJob()).thenApply(job -> settled(target, job));
    }

    private CompletionStage<HttpResponse<String>> scale(Target target, ObjectNode body) {
        ScaleStreamJob command = StreamJobs.scale(body);
        if (entry(target).job().getStatus() != StreamJobStatus.RUNNING
                && StreamJobs.children(StreamJobs.parse(entry(target).job()), "transformations")
                        .isEmpty()) {
            throw StreamJobs.bad("The job has no transformation yet.");
        }
        return write(target, command).thenApply(job -> settled(target, job));
    }

    /** Answers 202 while there is something to wait for. */
    private static HttpResponse<String> settled(Target target, StreamJob job) {
        return switch (job.getStatus()) {
            case STOPPING, SCALING, DELETING -> accepted(target);
            default -> job.getReplacement() == null ? HttpResponse.ok() : accepted(target);
        };
    }

    /** Not of Azure: another query for a job that runs. */
    private CompletionStage<HttpResponse<String>> replace(Target target, ObjectNode body) {
        ReplaceStreamJob replacement = StreamJobs.replacement(entry(target).job(), body);
        return write(target, replacement).thenApply(job -> settled(target, job));
    }

    /** Returns whether there is what a child names: a topic, or an endpoint that answers something; and whether a function can be read. */
    private CompletionStage<HttpResponse<String>> test(Target target) {
        ObjectNode child = existingChild(target, StreamJobs.parse(entry(target).job()));
        if (StreamJobs.FUNCTIONS.equals(target.kind())) {
            Optional<String> wrong = StreamJobs.wrongFunction(child);
            return CompletableFuture.completedFuture(tested(wrong.isEmpty(), "FunctionNotRead", wrong.orElse("")));
        }
        String type = child.at("/properties/datasource/type").asText();
        JsonNode source = child.at("/properties/datasource/properties");
        Optional<Refused> refusal = refusal(String.valueOf(target.kind()), child);
        if (refusal.isPresent()) {
            return CompletableFuture.completedFuture(
                    tested(false, refusal.get().code(), refusal.get().message()));
        }
        if (type.equalsIgnoreCase("Microsoft.AzureFunction")) {
            String address = source.path("functionAppName").asText();
            return notReached(URI.create(address))
                    .thenApply(why -> tested(why.isEmpty(), NOT_REACHED, notReached(address, why.orElse(""))));
        }
        if (type.equalsIgnoreCase("Microsoft.Storage/Blob")
                && !source.path("container").asText().equalsIgnoreCase("topics")) {
            return CompletableFuture.completedFuture(tested(
                    false,
                    "NotTestable",
                    "A file of reference data is read by the stream processor, when the job starts."));
        }
        String topic = topic(child);
        return requests.hasTopic(topic)
                .thenApply(has -> tested(
                        has,
                        "TopicNotFound",
                        "There is no topic '" + topic + "': create it, or name another as eventHubName."));
    }

    /** Tells, by a code and a sentence, why a child can't be run as it stands. */
    private record Refused(String code, String message) {}

    /** Returns why a job may not use what an input or output names; empty where it may, or where it names nothing yet. */
    private Optional<Refused> refusal(String kind, ObjectNode child) {
        if (!REACHING.contains(kind)) {
            return Optional.empty();
        }
        String type = child.at("/properties/datasource/type").asText();
        if (type.equalsIgnoreCase("Microsoft.AzureFunction")) {
            String address = child.at("/properties/datasource/properties/functionAppName")
                    .asText();
            return refusal(address).map(why -> new Refused(NOT_REACHED, notReached(address, why)));
        }
        String topic = topic(child);
        Optional<String> refused = topic.isEmpty()
                ? Optional.empty()
                : kind.equals("inputs")
                        ? reach.topics().refusesRead(topic)
                        : reach.topics().refusesWrite(topic);
        return refused.map(why -> new Refused("TopicNotAllowed", why));
    }

    /** Returns the topic that an input or output names; empty where that is a file, or nothing. */
    private static String topic(ObjectNode child) {
        JsonNode source = child.at("/properties/datasource/properties");
        return switch (child.at("/properties/datasource/type").asText().toLowerCase(Locale.ROOT)) {
            case "microsoft.devices/iothubs" -> Topics.TELEMETRY.name();
            case "microsoft.storage/blob" ->
                source.path("container").asText().equalsIgnoreCase("topics")
                        ? source.path("pathPattern").asText()
                        : "";
            default -> source.path("eventHubName").asText();
        };
    }

    private Optional<String> refusal(String address) {
        try {
            return reach.endpoints().refuses(URI.create(address));
        } catch (IllegalArgumentException _) {
            return Optional.of("it is no address");
        }
    }

    private static String notReached(String address, String why) {
        return "'" + address + "' is not reached: " + why + ": correct functionAppName.";
    }

    /** Returns why the endpoint does not answer; empty where it answers something: what it does with rows is its own. */
    private CompletableFuture<Optional<String>> notReached(URI endpoint) {
        CompletableFuture<Optional<String>> answer = new CompletableFuture<>();
        Thread.startVirtualThread(() -> answer.complete(
                endpoints.call("HEAD", endpoint, Map.of(), null)
                                instanceof EndpointClient.Outcome.NotReached(String why)
                        ? Optional.of(why)
                        : Optional.empty()));
        return answer;
    }

    private static HttpResponse<String> tested(boolean succeeded, String code, String message) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("status", succeeded ? "TestSucceeded" : "TestFailed");
        if (!succeeded) {
            answer.putObject("error").put("code", code).put("message", message);
        }
        return Answers.ok(answer);
    }

    private static boolean isLate(Throwable error) {
        return error.getCause() instanceof RefusedException refused
                && refused.refusal().getReason() == RefusalReason.PRECONDITION_FAILED;
    }

    private CompletableFuture<StreamJob> write(Target target, Object command) {
        return workers.after(requests.streamJob(target.id(), command));
    }

    private static ProblemException changed(String message) {
        return new ProblemException(new Problem(412, 412, "PreconditionFailed", message));
    }

    private static void rejectAction(Target target) {
        if (target.isList() || target.action() != null) {
            throw new ProblemException(Problem.notFound("There is nothing to write at " + target.path() + "."));
        }
    }

    private static ObjectNode object(byte[] body) {
        return JsonBody.object(body);
    }

    private static void checkMatch(HttpRequest<?> request, JsonNode part) {
        @Nullable String match = unquoted(request, "If-Match");
        if (match != null && !match.equals("*") && !match.equals(StreamJobs.etag(part))) {
            throw changed("It was changed since: read it again.");
        }
    }

    private static @Nullable String unquoted(HttpRequest<?> request, String header) {
        @Nullable String value = request.getHeaders().get(header);
        return value == null ? null : value.replace("\"", "");
    }

    private MutableHttpResponse<String> answer(StreamJobView.Entry entry, Set<String> expanded) {
        ObjectNode document = StreamJobs.parse(entry.job());
        ObjectNode view = StreamJobs.diagnosed(entry, expanded);
        for (String kind : REACHING) {
            for (ObjectNode child : StreamJobs.children(document, kind)) {
                refusal(kind, child)
                        .ifPresent(refused -> StreamJobs.diagnose(
                                view, refused.code(), child.path("name").asText() + ": " + refused.message()));
            }
        }
        return Answers.ok(view).header("ETag", StreamJobs.etag(document));
    }
}
