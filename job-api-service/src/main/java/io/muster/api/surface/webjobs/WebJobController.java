package io.muster.api.surface.webjobs;

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
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.muster.api.http.Answers;
import io.muster.api.http.Time;
import io.muster.api.http.Workers;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Requests;
import io.muster.api.job.SiteView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.DeleteWebJob;
import io.muster.records.PutWebJobSettings;
import io.muster.records.RunWebJob;
import io.muster.records.Site;
import io.muster.records.StartWebJob;
import io.muster.records.StopWebJob;
import io.muster.records.WebJob;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Shows jobs and their runs, and starts and stops them. Contract: webjobs-and-schedules, 2.1. */
@Controller(Kudu.MOUNT)
@Consumes(MediaType.ALL)
final class WebJobController {
    private static final String TRIGGERED = Kudu.SITE + "/api/triggeredwebjobs";
    private static final String CONTINUOUS = Kudu.SITE + "/api/continuouswebjobs";

    private final Requests requests;
    private final SiteView sites;
    private final Workers workers;
    private final Time time;

    WebJobController(Requests requests, SiteView sites, Workers workers, Time time) {
        this.requests = requests;
        this.sites = sites;
        this.workers = workers;
        this.time = time;
    }

    private SiteRequest of(HttpRequest<?> request, String site) {
        return new SiteRequest(request, site, time.now());
    }

    /** Returns a job. @throws ProblemException where there is none */
    static WebJob job(Optional<Site> site, WebJobKind kind, String name) {
        return site.stream()
                .flatMap(known -> known.getWebJobs().stream())
                .filter(job -> job.getKind() == kind && job.getName().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new ProblemException(Kudu.noJob()));
    }

    @Get(Kudu.SITE + "/api/webjobs")
    MutableHttpResponse<String> all(HttpRequest<?> request, String site) {
        return list(request, site, List.of(WebJobKind.TRIGGERED, WebJobKind.CONTINUOUS));
    }

    @Get(TRIGGERED)
    MutableHttpResponse<String> triggered(HttpRequest<?> request, String site) {
        return list(request, site, List.of(WebJobKind.TRIGGERED));
    }

    @Get(CONTINUOUS)
    MutableHttpResponse<String> continuous(HttpRequest<?> request, String site) {
        return list(request, site, List.of(WebJobKind.CONTINUOUS));
    }

    private MutableHttpResponse<String> list(HttpRequest<?> request, String site, List<WebJobKind> kinds) {
        SiteRequest asked = of(request, site);
        Optional<Site> known = sites.get(site);
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        known.ifPresent(found -> found.getWebJobs().stream()
                .filter(job -> kinds.contains(job.getKind()))
                .sorted(Comparator.comparing(WebJob::getKind))
                .forEach(job -> list.add(asked.job(found, job))));
        return asked.tagged(known, asked.list(list));
    }

    @Get(TRIGGERED + "/{name}")
    MutableHttpResponse<String> triggered(HttpRequest<?> request, String site, String name) {
        return one(request, site, WebJobKind.TRIGGERED, name);
    }

    @Get(CONTINUOUS + "/{name}")
    MutableHttpResponse<String> continuous(HttpRequest<?> request, String site, String name) {
        return one(request, site, WebJobKind.CONTINUOUS, name);
    }

    private MutableHttpResponse<String> one(HttpRequest<?> request, String site, WebJobKind kind, String name) {
        SiteRequest asked = of(request, site);
        Optional<Site> known = sites.get(site);
        WebJob job = job(known, kind, name);
        return asked.tagged(known, asked.job(known.orElseThrow(), job));
    }

    @Delete(TRIGGERED + "/{name}")
    CompletionStage<HttpResponse<?>> deleteTriggered(String site, String name) {
        return delete(site, WebJobKind.TRIGGERED, name);
    }

    @Delete(CONTINUOUS + "/{name}")
    CompletionStage<HttpResponse<?>> deleteContinuous(String site, String name) {
        return delete(site, WebJobKind.CONTINUOUS, name);
    }

    /** Answers 200 also where there is no such job, as Kudu does. */
    private CompletionStage<HttpResponse<?>> delete(String site, WebJobKind kind, String name) {
        return requests.site(site, new DeleteWebJob(kind, name))
                .<HttpResponse<?>>thenApply(_ -> HttpResponse.ok())
                .exceptionallyCompose(error -> RefusedException.isMissing(error)
                        ? CompletableFuture.completedFuture(HttpResponse.ok())
                        : CompletableFuture.failedFuture(error));
    }

    @Post(TRIGGERED + "/{name}/run")
    CompletionStage<HttpResponse<?>> run(HttpRequest<?> request, String site, String name) {
        SiteRequest asked = of(request, site);
        return requests.site(site, asked(request, name)).thenApply(known -> {
            WebJob job = job(Optional.of(known), WebJobKind.TRIGGERED, name);
            String runId = job.getRuns().getFirst().getId();
            return HttpResponse.status(asked.isOfArm() ? HttpStatus.OK : HttpStatus.ACCEPTED)
                    .header("Location", asked.base() + "/api/triggeredwebjobs/" + job.getName() + "/history/" + runId);
        });
    }

    /** Returns the command that a request for a run is, on either wire. */
    static RunWebJob asked(HttpRequest<?> request, String name) {
        String arguments =
                Optional.ofNullable(request.getParameters().get("arguments")).orElse("");
        String agent = request.getHeaders().findFirst("User-Agent").orElse("unknown");
        return new RunWebJob(name, arguments, "External - " + agent);
    }

    @Post(CONTINUOUS + "/{name}/start")
    CompletionStage<HttpResponse<?>> start(String site, String name) {
        return requests.site(site, new StartWebJob(name)).thenApply(_ -> HttpResponse.ok());
    }

    @Post(CONTINUOUS + "/{name}/stop")
    CompletionStage<HttpResponse<?>> stop(String site, String name) {
        return requests.site(site, new StopWebJob(name)).thenApply(_ -> HttpResponse.ok());
    }

    @Get(TRIGGERED + "/{name}/history")
    MutableHttpResponse<String> history(HttpRequest<?> request, String site, String name) {
        SiteRequest asked = of(request, site);
        Optional<Site> known = sites.get(site);
        ObjectNode history = asked.documents().history(job(known, WebJobKind.TRIGGERED, name));
        return asked.tagged(known, asked.wrapped(name, "triggeredwebjobs/history", history));
    }

    @Get(TRIGGERED + "/{name}/history/{runId}")
    MutableHttpResponse<String> run(HttpRequest<?> request, String site, String name, String runId) {
        SiteRequest asked = of(request, site);
        Optional<Site> known = sites.get(site);
        WebJob job = job(known, WebJobKind.TRIGGERED, name);
        ObjectNode run = asked.documents().run(job, run(job, runId));
        return asked.tagged(known, asked.wrapped(name + "/" + runId, "triggeredwebjobs/history", run));
    }

    /** Returns a run. @throws ProblemException where it is not kept */
    static WebJobRun run(WebJob job, String runId) {
        return job.getRuns().stream()
                .filter(run -> run.getId().equals(runId))
                .findFirst()
                .orElseThrow(() -> new ProblemException(Kudu.noJob()));
    }

    @Get(TRIGGERED + "/{name}/settings")
    MutableHttpResponse<String> triggeredSettings(String site, String name) {
        return Answers.ok(WebJobDocuments.settings(job(sites.get(site), WebJobKind.TRIGGERED, name)));
    }

    @Get(CONTINUOUS + "/{name}/settings")
    MutableHttpResponse<String> continuousSettings(String site, String name) {
        return Answers.ok(WebJobDocuments.settings(job(sites.get(site), WebJobKind.CONTINUOUS, name)));
    }

    @Put(TRIGGERED + "/{name}/settings")
    CompletionStage<HttpResponse<?>> putTriggeredSettings(String site, String name, @Body byte @Nullable [] body) {
        return putSettings(site, WebJobKind.TRIGGERED, name, body);
    }

    @Put(CONTINUOUS + "/{name}/settings")
    CompletionStage<HttpResponse<?>> putContinuousSettings(String site, String name, @Body byte @Nullable [] body) {
        return putSettings(site, WebJobKind.CONTINUOUS, name, body);
    }

    private CompletionStage<HttpResponse<?>> putSettings(
            String site, WebJobKind kind, String name, byte @Nullable [] body) {
        return workers.read(() -> {
                    String settings =
                            JsonBody.object(body == null ? new byte[0] : body).toString();
                    return requests.site(site, new PutWebJobSettings(kind, name, settings));
                })
                .thenApply(_ -> HttpResponse.ok());
    }

    /** Returns a description of the operations that run jobs, as clients of Logic Apps read it. */
    @Get(Kudu.SITE + "/api/triggeredwebjobsswagger")
    MutableHttpResponse<String> swagger(HttpRequest<?> request, String site) {
        ObjectNode document = JsonNodeFactory.instance.objectNode().put("swagger", "2.0");
        document.putObject("info").put("version", "v1").put("title", "WebJobs");
        document.put(
                "host", Optional.ofNullable(request.getHeaders().get("Host")).orElse("localhost"));
        document.put("basePath", new SiteRequest(request, site, time.now()).prefix() + "/");
        document.putArray("schemes").add(request.isSecure() ? "https" : "http");
        ObjectNode paths = document.putObject("paths");
        sites.get(site).stream()
                .flatMap(known -> known.getWebJobs().stream())
                .filter(job -> job.getKind() == WebJobKind.TRIGGERED)
                .forEach(job -> describeRun(paths, job.getName()));
        return Answers.ok(document);
    }

    private static void describeRun(ObjectNode paths, String name) {
        ObjectNode post = paths.putObject("/api/triggeredjobs/" + name + "/run").putObject("post");
        post.put("deprecated", false).put("operationId", name);
        post.putArray("consumes");
        post.putArray("produces");
        post.putArray("parameters")
                .addObject()
                .put("name", "arguments")
                .put("in", "query")
                .put("description", "Web Job Arguments")
                .put("required", false)
                .put("type", "string");
        ObjectNode responses = post.putObject("responses");
        responses.putObject("200").put("description", "Success");
        responses.putObject("default").put("description", "Success");
    }

    static ProblemException bad(String message) {
        return new ProblemException(new Problem(400, "BadRequest", message));
    }
}
