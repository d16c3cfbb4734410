package io.muster.api.surface.webjobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.muster.api.http.Answers;
import io.muster.api.http.Workers;
import io.muster.api.job.Requests;
import io.muster.api.job.SiteView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.ProblemException;
import io.muster.records.PutSiteSettings;
import io.muster.records.Site;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Shows and changes the settings of a site: Kudu's {@code /api/settings}. Contract: addresses, "Rulings". */
@Controller(Kudu.MOUNT)
@Consumes(MediaType.ALL)
final class SiteSettingsController {
    private static final String SETTINGS = Kudu.SITE + "/api/settings";

    private final Requests requests;
    private final SiteView sites;
    private final Workers workers;

    SiteSettingsController(Requests requests, SiteView sites, Workers workers) {
        this.requests = requests;
        this.sites = sites;
        this.workers = workers;
    }

    private Map<String, String> settings(String site) {
        return sites.get(site).map(Site::getSettings).orElse(Map.of());
    }

    @Get(SETTINGS)
    MutableHttpResponse<String> all(String site) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        settings(site).entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(known -> body.put(known.getKey(), known.getValue()));
        return Answers.ok(body);
    }

    @Get(SETTINGS + "/{setting}")
    MutableHttpResponse<String> one(String site, String setting) {
        return settings(site).entrySet().stream()
                .filter(known -> known.getKey().equalsIgnoreCase(setting))
                .findFirst()
                .map(known -> Answers.ok(JsonNodeFactory.instance.textNode(known.getValue())))
                .orElseThrow(() -> new ProblemException(Kudu.noJob()));
    }

    /** Changes those that the body names, and leaves the others. */
    @Post(SETTINGS)
    CompletionStage<HttpResponse<?>> change(String site, @Body byte @Nullable [] body) {
        return workers.read(() -> {
                    Map<String, @Nullable String> changed = new HashMap<>();
                    for (Map.Entry<String, JsonNode> member :
                            JsonBody.object(body == null ? new byte[0] : body).properties()) {
                        if (!member.getValue().isValueNode()) {
                            throw WebJobController.bad("Give the setting " + member.getKey() + " as a text.");
                        }
                        changed.put(
                                member.getKey(),
                                member.getValue().isNull()
                                        ? null
                                        : member.getValue().asText());
                    }
                    return requests.site(site, new PutSiteSettings(changed, false));
                })
                .thenApply(_ -> HttpResponse.noContent());
    }

    @Delete(SETTINGS + "/{setting}")
    CompletionStage<HttpResponse<?>> delete(String site, String setting) {
        Map<String, @Nullable String> removed = new HashMap<>();
        removed.put(setting, null);
        return requests.site(site, new PutSiteSettings(removed, false)).thenApply(_ -> HttpResponse.noContent());
    }
}
