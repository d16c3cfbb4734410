package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Put;
import io.muster.api.http.Answers;
import io.muster.api.http.Workers;
import io.muster.api.job.CatalogView;
import io.muster.api.job.Requests;
import io.muster.api.json.JsonBody;
import io.muster.api.json.MergePatch;
import io.muster.document.Etags;
import io.muster.records.CatalogItem;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.DeviceTemplate;
import io.muster.records.SaveCatalogItem;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Serves device templates: documents that devices and groups refer to by their ids. Contract: addresses, "Rulings". */
@Controller(Central.MOUNT)
@Consumes(MediaType.ALL)
final class TemplateController {
    /** Names the list of templates in the catalog. */
    static final String LIST = "deviceTemplates/";

    private final Requests requests;
    private final CatalogView catalog;
    private final Workers workers;

    TemplateController(Requests requests, CatalogView catalog, Workers workers) {
        this.requests = requests;
        this.catalog = catalog;
        this.workers = workers;
    }

    @Get("/api/deviceTemplates")
    HttpResponse<String> list(HttpRequest<?> request) {
        return CatalogLists.page(new CentralRequest(request), catalog, LIST, TemplateController::document);
    }

    @Get("/api/deviceTemplates/{id}")
    HttpResponse<String> get(@PathVariable String id, HttpRequest<?> request) {
        return Answers.ok(document(item(request, id)));
    }

    @Put("/api/deviceTemplates/{id}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> save(id, JsonBody.object(body), new CentralRequest(request).ifMatch()));
    }

    @Patch("/api/deviceTemplates/{id}")
    CompletionStage<HttpResponse<String>> patch(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> {
            CatalogItem known = item(request, id);
            @Nullable String wanted = new CentralRequest(request).ifMatch();
            return save(
                    id,
                    MergePatch.merged((ObjectNode) JsonBody.stored(known.getSource()), JsonBody.object(body)),
                    wanted == null ? Etags.of(known) : wanted);
        });
    }

    private CompletionStage<HttpResponse<String>> save(String id, ObjectNode document, @Nullable String ifMatch) {
        JsonBody body = JsonBody.of(document);
        body.text("displayName");
        if (body.object("capabilityModel").isEmpty()) {
            throw body.wrong("capabilityModel", "an object, and required");
        }
        document.remove(List.of("@id", "etag"));
        return requests.catalog(
                        LIST + id, new SaveCatalogItem(new DeviceTemplate(), null, document.toString(), ifMatch, false))
                .thenApply(saved -> Answers.ok(document(saved)));
    }

    @Delete("/api/deviceTemplates/{id}")
    CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request, @PathVariable String id) {
        return requests.deleteCatalogItem(LIST + id, new DeleteCatalogItem(new CentralRequest(request).ifMatch()))
                .thenApply(_ -> Answers.noContent());
    }

    private CatalogItem item(HttpRequest<?> request, String id) {
        return CatalogLists.item(new CentralRequest(request), catalog, LIST, id, "device template");
    }

    private static ObjectNode document(CatalogItem item) {
        ObjectNode body = CatalogLists.document(item, LIST);
        body.set("@id", body.remove("id"));
        return body.put("etag", CatalogLists.etag(item));
    }
}
