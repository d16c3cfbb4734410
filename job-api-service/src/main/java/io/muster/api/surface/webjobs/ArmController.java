package io.muster.api.surface.webjobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
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
import io.muster.api.surface.Surfaces;
import io.muster.records.DeleteWebJob;
import io.muster.records.PutSiteSettings;
import io.muster.records.Site;
import io.muster.records.StartWebJob;
import io.muster.records.StopWebJob;
import io.muster.records.WebJob;
import io.muster.records.WebJobKind;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Shows WebJobs as resources of Azure Resource Manager, and runs them. Kudu alone takes uploads. Contract: webjobs-and-schedules, 2.8. */
@Controller(AppService.MOUNT)
@Consumes(MediaType.ALL)
final class ArmController {
    private static final String TRIGGERED = AppService.SITE + "/triggeredwebjobs";
    private static final String CONTINUOUS = AppService.SITE + "/continuouswebjobs";
    /** Counts the parts of a path up to the site's name, with the empty one before the first slash. */
    private static final int SUBSCRIPTION = 2;

    private static final int GROUP = 4;
    private static final int SITE = 8;

    private final Requests requests;
    private final SiteView sites;
    private final Workers workers;
    private final Time time;

    ArmController(Requests requests, SiteView sites, Workers workers, Time time) {
        this.requests = requests;
        this.sites = sites;
        this.workers = workers;
        this.time = time;
    }

    private ArmDocuments documents(HttpRequest<?> request, String site) {
        String[] segments = Surfaces.unmounted(request.getPath()).split("/");
        // Clients read ids by the words as the resource manager spells them.
        String ofSite = "/subscriptions/" + segments[SUBSCRIPTION] + "/resourceGroups/" + segments[GROUP]
                + "/providers/Microsoft.Web/sites/" + segments[SITE];
        return new ArmDocuments(ofSite, site, new SiteRequest(request, site, time.now()).documents());
    }

    /** Returns a site. @throws ProblemException where it has neither jobs nor settings */
    private Site site(String site) {
        return sites.get(site)
                .filter(known ->
                        !known.getWebJobs().isEmpty() || !known.getSettings().isEmpty())
                .orElseThrow(() ->
                        new ProblemException(new Problem(404, "ResourceNotFound", "There is no site " + site + ".")));
    }

    private MutableHttpResponse<String> list(HttpRequest<?> request, String site, List<WebJobKind> kinds, String list) {
        ArmDocuments documents = documents(request, site);
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ArrayNode value = body.putArray("value");
        Site known = site(site);
        known.getWebJobs().stream()
                .filter(job -> kinds.contains(job.getKind()))
                .sorted(Comparator.comparing(WebJob::getKind))
                .forEach(job -> value.add(documents.job(known, job, list)));
        return Answers.ok(body);
    }

    @Get(AppService.SITE + "/webjobs")
    MutableHttpResponse<String> all(HttpRequest<?> request, String site) {
        return list(request, site, List.of(WebJobKind.values()), "webjobs");
    }

    @Get(TRIGGERED)
    MutableHttpResponse<String> triggered(HttpRequest<?> request, String site) {
        return list(request, site, List.of(WebJobKind.TRIGGERED), ArmDocuments.list(WebJobKind.TRIGGERED));
    }

    @Get(CONTINUOUS)
    MutableHttpResponse<String> continuous(HttpRequest<?> request, String site) {
        return list(request, site, List.of(WebJobKind.CONTINUOUS), ArmDocuments.list(WebJobKind.CONTINUOUS));
    }

    private MutableHttpResponse<String> one(HttpRequest<?> request, String site, WebJob job, String list) {
        return Answers.ok(documents(request, site).job(site(site), job, list));
    }

    /** Shows a job of either kind; where there are two of the name, the triggered one. */
    @Get(AppService.SITE + "/webjobs/{name}")
    MutableHttpResponse<String> any(HttpRequest<?> request, String site, String name) {
        WebJob job = site(site).getWebJobs().stream()
                .filter(known -> known.getName().equalsIgnoreCase(name))
                .min(Comparator.comparing(WebJob::getKind))
                .orElseThrow(() -> new ProblemException(Kudu.noJob()));
        return one(request, site, job, "webjobs");
    }

    @Get(TRIGGERED + "/{name}")
    MutableHttpResponse<String> triggered(HttpRequest<?> request, String site, String name) {
        WebJob job = WebJobController.job(sites.get(site), WebJobKind.TRIGGERED, name);
        return one(request, site, job, ArmDocuments.list(WebJobKind.TRIGGERED));
    }

    @Get(CONTINUOUS + "/{name}")
    MutableHttpResponse<String> continuous(HttpRequest<?> request, String site, String name) {
        WebJob job = WebJobController.job(sites.get(site), WebJobKind.CONTINUOUS, name);
        return one(request, site, job, ArmDocuments.list(WebJobKind.CONTINUOUS));
    }

    @Delete(TRIGGERED + "/{name}")
    CompletionStage<HttpResponse<?>> deleteTriggered(String site, String name) {
        return delete(site, WebJobKind.TRIGGERED, name);
    }

    @Delete(CONTINUOUS + "/{name}")
    CompletionStage<HttpResponse<?>> deleteContinuous(String site, String name) {
        return delete(site, WebJobKind.CONTINUOUS, name);
    }

    private CompletionStage<HttpResponse<?>> delete(String site, WebJobKind kind, String name) {
        return requests.site(site, new DeleteWebJob(kind, name))
                .<HttpResponse<?>>thenApply(_ -> HttpResponse.ok())
                .exceptionallyCompose(error -> RefusedException.isMissing(error)
                        ? CompletableFuture.completedFuture(HttpResponse.noContent())
                        : CompletableFuture.failedFuture(error));
    }

    @Post(TRIGGERED + "/{name}/run")
    CompletionStage<HttpResponse<?>> run(HttpRequest<?> request, String site, String name) {
        return requests.site(site, WebJobController.asked(request, name)).thenApply(_ -> HttpResponse.ok());
    }

    @Post(CONTINUOUS + "/{name}/start")
    CompletionStage<HttpResponse<?>> start(String site, String name) {
        return requests.site(site, new StartWebJob(name)).thenApply(_ -> HttpResponse.ok());
    }

    @Post(CONTINUOUS + "/{name}/stop")
    CompletionStage<HttpResponse<?>> stop(String site, String name) {
        return requests.site(site, new StopWebJob(name)).thenApply(_ -> HttpResponse.ok());
    }

    /** Lists the runs of a job, each as a history of its own. */
    @Get(TRIGGERED + "/{name}/history")
    MutableHttpResponse<String> history(HttpRequest<?> request, String site, String name) {
        ArmDocuments documents = documents(request, site);
        WebJob job = WebJobController.job(sites.get(site), WebJobKind.TRIGGERED, name);
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ArrayNode value = body.putArray("value");
        job.getRuns().forEach(run -> value.add(documents.run(job, run)));
        return Answers.ok(body);
    }

    @Get(TRIGGERED + "/{name}/history/{runId}")
    MutableHttpResponse<String> run(HttpRequest<?> request, String site, String name, String runId) {
        WebJob job = WebJobController.job(sites.get(site), WebJobKind.TRIGGERED, name);
        return Answers.ok(documents(request, site).run(job, WebJobController.run(job, runId)));
    }

    /** Replaces all settings of a site. */
    @Put(AppService.SITE + "/config/appsettings")
    CompletionStage<HttpResponse<?>> putSettings(HttpRequest<?> request, String site, @Body byte @Nullable [] body) {
        return workers.read(() -> {
                    Map<String, @Nullable String> settings = new HashMap<>();
                    JsonNode properties =
                            JsonBody.object(body == null ? new byte[0] : body).path("properties");
                    for (Map.Entry<String, JsonNode> member : properties.properties()) {
                        if (!member.getValue().isValueNode()) {
                            throw WebJobController.bad("Give the setting " + member.getKey() + " as a text.");
                        }
                        if (!member.getValue().isNull()) {
                            settings.put(member.getKey(), member.getValue().asText());
                        }
                    }
                    return requests.site(site, new PutSiteSettings(settings, true));
                })
                .thenApply(known -> settings(request, known));
    }

    @Post(AppService.SITE + "/config/appsettings/list")
    HttpResponse<?> listSettings(HttpRequest<?> request, String site) {
        return settings(request, site(site));
    }

    private HttpResponse<String> settings(HttpRequest<?> request, Site site) {
        ObjectNode properties = JsonNodeFactory.instance.objectNode();
        site.getSettings().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(setting -> properties.put(setting.getKey(), setting.getValue()));
        return Answers.ok(
                documents(request, site.getSite()).resource("config/appsettings", "appsettings", "config", properties));
    }
}
