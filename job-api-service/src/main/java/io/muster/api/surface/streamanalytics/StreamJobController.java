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
import io.muster.api.job.Refusal;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Requests;
import io.muster.api.job.StreamJobView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Surfaces;
import io.muster.records.PutStreamJob;
import io.muster.records.ReplaceStreamJob;
import io.muster.records.ScaleStreamJob;
import io.muster.records.StopStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobRefusalReason;
import io.muster.records.StreamJobStatus;
import jakarta.annotation.PreDestroy;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Answers requests for stream jobs as resources of Azure's resource manager. Contract: stream-analytics, 4.1 and 4.2. */
@Controller(StreamAnalytics.MOUNT)
@Consumes(MediaType.ALL)
final class StreamJobController {
    private static final String RESULTS = "operationresults";
    private static final int PAGE = 100;
    private static final int TRIES = 5;
    private static final Set<ChildKind> ALL = EnumSet.allOf(ChildKind.class);

    private final Requests requests;
    private final StreamJobView jobs;
    private final DatasourceCheck datasources;
    private final Workers workers;

    /** Serves the jobs that a view shows; requests change them. @param workers read documents, which may compile their query and functions */
    StreamJobController(Requests requests, StreamJobView jobs, StreamJobReach reach, Workers workers) {
        this.requests = requests;
        this.jobs = jobs;
        this.datasources = new DatasourceCheck(requests, reach);
        this.workers = workers;
    }

    @PreDestroy
    void close() {
        datasources.close();
    }

    private static StreamJobPath path(HttpRequest<?> request) {
        return StreamJobPath.parse(Surfaces.unmounted(request.getPath()));
    }

    @Get("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> get(HttpRequest<?> request) {
        return workers.get(() -> read(request));
    }

    private HttpResponse<String> read(HttpRequest<?> request) {
        StreamJobPath path = path(request);
        if (path.isList()) {
            return list(request, path);
        }
        if (RESULTS.equals(path.action()) && jobs.get(path.id()).isEmpty()) {
            return HttpResponse.ok(); // Of a job that was deleted.
        }
        StreamJobView.Entry entry = entry(path);
        if (path.kind() != null) {
            return child(path, entry.job(), path.kind());
        }
        if (path.action() != null) {
            return result(path, entry);
        }
        return answer(entry, expanded(request));
    }

    /** Returns the state of a long-running operation: as long as it is under way, 202. */
    private static HttpResponse<String> result(StreamJobPath path, StreamJobView.Entry entry) {
        if (!RESULTS.equals(path.action())) {
            throw new ProblemException(Problem.notFound("There is nothing at " + path.path() + "."));
        }
        return switch (entry.job().getStatus()) {
            case STARTING, STOPPING, SCALING, DELETING, RESTARTING -> accepted(path);
            case RUNNING, DEGRADED -> entry.job().getReplacement() == null ? HttpResponse.ok() : accepted(path);
            case CREATED, STOPPED -> HttpResponse.ok();
            case FAILED ->
                throw new ProblemException(
                        new Problem(400, "JobFailed", String.valueOf(entry.job().getFailureReason())));
        };
    }

    private static MutableHttpResponse<String> accepted(StreamJobPath path) {
        return HttpResponse.<String>status(HttpStatus.ACCEPTED)
                .header("Location", path.job() + "/" + RESULTS + "/latest?api-version=2020-03-01")
                .header("Retry-After", "1");
    }

    private HttpResponse<String> list(HttpRequest<?> request, StreamJobPath path) {
        String prefix = path.path().toLowerCase(Locale.ROOT) + "/";
        boolean ofSubscription = !prefix.contains("/resourcegroups/");
        String start = ofSubscription ? prefix.substring(0, prefix.indexOf("/providers/") + 1) : prefix;
        @Nullable
        String after = Optional.ofNullable(request.getParameters().get("$skiptoken"))
                .map(Continuations::text)
                .orElse(null);
        List<StreamJobView.Entry> found = jobs.page(start, after, PAGE + 1);
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ArrayNode value = body.putArray("value");
        Set<ChildKind> expanded = expanded(request);
        found.stream().limit(PAGE).forEach(entry -> value.add(StreamJobResource.of(entry, expanded)));
        if (found.size() > PAGE) {
            String last = found.get(PAGE - 1).job().getStreamJobId();
            String token =
                    Base64.getUrlEncoder().withoutPadding().encodeToString(last.getBytes(StandardCharsets.UTF_8));
            body.put(
                    "nextLink",
                    (request.isSecure() ? "https://" : "http://")
                            + request.getHeaders().get("Host") + path.path() + "?api-version="
                            + request.getParameters().get("api-version") + "&$skiptoken=" + token);
        }
        return Answers.ok(body);
    }

    private static Set<ChildKind> expanded(HttpRequest<?> request) {
        return ChildKind.expanded(
                Optional.ofNullable(request.getParameters().get("$expand")).orElse(""));
    }

    private StreamJobView.Entry entry(StreamJobPath path) {
        return jobs.get(path.id()).orElseThrow(() -> notFound("There is no stream job at " + path.job() + "."));
    }

    private static ProblemException notFound(String message) {
        return new ProblemException(new Problem(404, "ResourceNotFound", message));
    }

    private HttpResponse<String> child(StreamJobPath path, StreamJob job, ChildKind kind) {
        if (path.child() != null) {
            return childAnswer(path, kind, path.child(), HttpStatus.OK);
        }
        StreamJobDocument document = StreamJobDocument.of(job);
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ArrayNode value = body.putArray("value");
        document.children(kind).forEach(one -> value.add(StreamJobResource.child(job, document, kind, one)));
        return Answers.ok(body);
    }

    private HttpResponse<String> childAnswer(StreamJobPath path, ChildKind kind, String name, HttpStatus status) {
        StreamJob job = entry(path).job();
        StreamJobDocument document = StreamJobDocument.of(job);
        ObjectNode child = existingChild(path, document, kind, name);
        ObjectNode view = StreamJobResource.child(job, document, kind, child);
        datasources
                .refusal(job.getDefinition(), kind, name)
                .ifPresent(refused -> refused.addTo((ObjectNode) view.get("properties")));
        return Answers.ok(view).status(status).header("ETag", StreamJobDocument.etag(child));
    }

    private static ObjectNode existingChild(
            StreamJobPath path, StreamJobDocument document, ChildKind kind, String name) {
        return document.child(kind, name).orElseThrow(() -> notFound("There is nothing at " + path.path() + "."));
    }

    @Put("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @Body byte[] body) {
        return workers.run(() -> putNow(request, body));
    }

    private CompletionStage<HttpResponse<String>> putNow(HttpRequest<?> request, byte[] body) {
        StreamJobPath path = path(request);
        ObjectNode given = object(body);
        if (path.kind() != null) {
            return putChild(request, path, path.kind(), given, false);
        }
        rejectAction(path);
        Optional<StreamJobView.Entry> known = jobs.get(path.id());
        if ("*".equals(unquoted(request, "If-None-Match")) && known.isPresent()) {
            throw changed("There is a stream job of that name.");
        }
        known.ifPresent(
                entry -> checkMatch(request, StreamJobDocument.of(entry.job()).json()));
        if (known.isEmpty() && unquoted(request, "If-Match") != null) {
            throw changed("There is no stream job of that name.");
        }
        StreamJobDefinition definition =
                StreamJobDocument.put(path.job(), given).definition();
        long revision = known.map(entry -> entry.job().getRevision()).orElse(0L);
        CompletableFuture<StreamJob> written = write(path, new PutStreamJob(definition, revision));
        JsonNode properties = given.path("properties");
        if (properties.path("outputStartMode").isTextual()) {
            written = written.thenCompose(_ -> start(path, startOf(properties)));
        }
        HttpStatus status = known.isPresent() ? HttpStatus.OK : HttpStatus.CREATED;
        return written.thenApply(_ -> answer(entry(path), ALL).status(status));
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
            HttpRequest<?> request, StreamJobPath path, ChildKind kind, ObjectNode given, boolean patch) {
        if (path.child() == null || path.action() != null) {
            throw new ProblemException(Problem.notFound("There is nothing to write at " + path.path() + "."));
        }
        String name = path.child();
        return edit(path, TRIES, document -> {
                    Optional<ObjectNode> known = document.child(kind, name);
                    if ("*".equals(unquoted(request, "If-None-Match")) && known.isPresent()) {
                        throw changed("There is one of that name.");
                    }
                    known.ifPresent(child -> checkMatch(request, child));
                    if (patch) {
                        existingChild(path, document, kind, name);
                        return document.patchedChild(kind, name, given);
                    }
                    return document.withChild(kind, name, given);
                })
                .thenApply(before -> childAnswer(
                        path, kind, name, before.child(kind, name).isPresent() ? HttpStatus.OK : HttpStatus.CREATED));
    }

    /** Changes a document once; where somebody else was faster the change is made again. @return the document before */
    private CompletableFuture<StreamJobDocument> edit(
            StreamJobPath path, int tries, UnaryOperator<StreamJobDocument> change) {
        StreamJob job = entry(path).job();
        StreamJobDocument before = StreamJobDocument.of(job);
        PutStreamJob put = new PutStreamJob(change.apply(before).definition(), job.getRevision());
        return write(path, put)
                .thenApply(_ -> before)
                .exceptionallyCompose(error -> tries > 1 && isLate(error)
                        ? edit(path, tries - 1, change)
                        : CompletableFuture.failedFuture(error));
    }

    @Patch("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> patch(HttpRequest<?> request, @Body byte[] body) {
        return workers.run(() -> patchNow(request, body));
    }

    private CompletionStage<HttpResponse<String>> patchNow(HttpRequest<?> request, byte[] body) {
        StreamJobPath path = path(request);
        ObjectNode given = object(body);
        if (path.kind() != null) {
            return putChild(request, path, path.kind(), given, true);
        }
        rejectAction(path);
        return edit(path, TRIES, document -> {
                    checkMatch(request, document.json());
                    return document.patched(given);
                })
                .thenApply(_ -> answer(entry(path), Set.of()));
    }

    @Delete("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request) {
        return workers.run(() -> deleteNow(request));
    }

    private CompletionStage<HttpResponse<String>> deleteNow(HttpRequest<?> request) {
        StreamJobPath path = path(request);
        if (path.kind() != null) {
            ChildKind kind = path.kind();
            String name = String.valueOf(path.child());
            if (StreamJobDocument.of(entry(path).job()).child(kind, name).isEmpty()) {
                return CompletableFuture.completedFuture(HttpResponse.noContent());
            }
            return edit(path, TRIES, document -> {
                        document.child(kind, name).ifPresent(child -> checkMatch(request, child));
                        return document.withoutChild(kind, name);
                    })
                    .thenApply(_ -> HttpResponse.ok());
        }
        rejectAction(path);
        if (jobs.get(path.id()).isEmpty()) {
            return CompletableFuture.completedFuture(HttpResponse.noContent());
        }
        return workers.after(requests.deleteStreamJob(path.id()))
                .thenApply(left -> left.map(job -> settled(path, job)).orElseGet(HttpResponse::ok));
    }

    @Post("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> post(
            HttpRequest<?> request, @io.micronaut.core.annotation.Nullable @Body byte[] body) {
        return workers.run(() -> postNow(request, body));
    }

    private CompletionStage<HttpResponse<String>> postNow(HttpRequest<?> request, byte @Nullable [] body) {
        StreamJobPath path = path(request);
        String action = String.valueOf(path.action());
        if (path.kind() != null) {
            if (!action.equals("test")) {
                throw new ProblemException(Problem.notFound("There is nothing to ask at " + path.path() + "."));
            }
            return test(path, path.kind());
        }
        return switch (action) {
            case "start" ->
                start(path, body == null || body.length == 0 ? null : object(body))
                        .thenApply(_ -> accepted(path));
            case "stop" -> stop(path);
            case "replace" -> replace(path, object(body == null ? new byte[0] : body));
            case "scale" -> scale(path, object(body == null ? new byte[0] : body));
            default -> throw new ProblemException(Problem.notFound("There is nothing to ask at " + path.path() + "."));
        };
    }

    private CompletableFuture<StreamJob> start(StreamJobPath path, @Nullable JsonNode body) {
        return write(path, StreamJobCommands.start(body, entry(path)));
    }

    private CompletionStage<HttpResponse<String>> stop(StreamJobPath path) {
        entry(path);
        return write(path, new StopStreamJob()).thenApply(job -> settled(path, job));
    }

    private CompletionStage<HttpResponse<String>> scale(StreamJobPath path, ObjectNode body) {
        ScaleStreamJob command = StreamJobCommands.scale(body);
        StreamJob job = entry(path).job();
        if (job.getStatus() != StreamJobStatus.RUNNING && job.getDefinition().getQuery() == null) {
            throw StreamJobDocument.bad("The job has no transformation yet.");
        }
        return write(path, command).thenApply(scaled -> settled(path, scaled));
    }

    /** Answers 202 while there is something to wait for. */
    private static HttpResponse<String> settled(StreamJobPath path, StreamJob job) {
        return switch (job.getStatus()) {
            case STOPPING, SCALING, DELETING -> accepted(path);
            default -> job.getReplacement() == null ? HttpResponse.ok() : accepted(path);
        };
    }

    /** Has another query take over from the one that runs; Azure has no such action. */
    private CompletionStage<HttpResponse<String>> replace(StreamJobPath path, ObjectNode body) {
        ReplaceStreamJob replacement =
                StreamJobCommands.replace(body, entry(path).job());
        return write(path, replacement).thenApply(job -> settled(path, job));
    }

    /** Tests whether there is what a child names. */
    private CompletionStage<HttpResponse<String>> test(StreamJobPath path, ChildKind kind) {
        StreamJob job = entry(path).job();
        String name = String.valueOf(path.child());
        existingChild(path, StreamJobDocument.of(job), kind, name);
        return datasources.test(job.getDefinition(), kind, name).thenApply(StreamJobController::tested);
    }

    private static HttpResponse<String> tested(Optional<Condition> wrong) {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("status", wrong.isEmpty() ? "TestSucceeded" : "TestFailed");
        wrong.ifPresent(why -> answer.putObject("error").put("code", why.code()).put("message", why.message()));
        return Answers.ok(answer);
    }

    private static boolean isLate(Throwable error) {
        return error.getCause() instanceof RefusedException refused
                && refused.refusal() instanceof Refusal.OfStreamJob refusal
                && refusal.reason() == StreamJobRefusalReason.PRECONDITION_FAILED;
    }

    private CompletableFuture<StreamJob> write(StreamJobPath path, Object command) {
        return workers.after(requests.streamJob(path.id(), command));
    }

    private static ProblemException changed(String message) {
        return new ProblemException(new Problem(412, "PreconditionFailed", message));
    }

    private static void rejectAction(StreamJobPath path) {
        if (path.isList() || path.action() != null) {
            throw new ProblemException(Problem.notFound("There is nothing to write at " + path.path() + "."));
        }
    }

    private static ObjectNode object(byte[] body) {
        return JsonBody.object(body);
    }

    private static void checkMatch(HttpRequest<?> request, ObjectNode part) {
        @Nullable String match = unquoted(request, "If-Match");
        if (match != null && !match.equals("*") && !match.equals(StreamJobDocument.etag(part))) {
            throw changed("It was changed since: read it again.");
        }
    }

    private static @Nullable String unquoted(HttpRequest<?> request, String header) {
        @Nullable String value = request.getHeaders().get(header);
        return value == null ? null : value.replace("\"", "");
    }

    private MutableHttpResponse<String> answer(StreamJobView.Entry entry, Set<ChildKind> expanded) {
        ObjectNode view = StreamJobResource.diagnosed(entry, expanded);
        datasources
                .refusals(entry.job().getDefinition())
                .forEach(refused -> refused.addTo((ObjectNode) view.get("properties")));
        return Answers.ok(view).header("ETag", StreamJobDocument.of(entry.job()).etag());
    }
}
