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
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.Etags;
import io.muster.records.CatalogItem;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.DeviceTemplate;
import io.muster.records.SaveCatalogItem;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Serves device templates: documents that devices and groups refer to by their ids. Contract: addresses, "Rulings". */
@Controller(Central.MOUNT)
@Consumes(MediaType.ALL)
final class TemplateController {
    /** Names the list of templates in the catalog. */
    static final String LIST = "deviceTemplates/";

    /** Bounds a document, which is a part of one record, and there may be as many in memory. */
    private static final int LONGEST = 128 * 1024;

    private static final int MOST = 500;

    private final Requests requests;
    private final CatalogView catalog;
    private final Workers workers;

    TemplateController(Requests requests, CatalogView catalog, Workers workers) {
        this.requests = requests;
        this.catalog = catalog;
        this.workers = workers;
    }

    @Get("/api/deviceTemplates")
    CompletionStage<HttpResponse<String>> list(HttpRequest<?> request) {
        return workers.get(
                () -> CatalogLists.page(new CentralRequest(request), catalog, LIST, TemplateController::document));
    }

    @Get("/api/deviceTemplates/{id}")
    HttpResponse<String> get(@PathVariable String id, HttpRequest<?> request) {
        return Answers.ok(document(item(request, id)));
    }

    @Put("/api/deviceTemplates/{id}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> {
            Optional<CatalogItem> known =
                    CatalogLists.toChange(new CentralRequest(request), catalog, LIST, id, "device template");
            return save(request, id, JsonBody.object(body), known);
        });
    }

    @Patch("/api/deviceTemplates/{id}")
    CompletionStage<HttpResponse<String>> patch(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.read(() -> {
            CatalogItem known = item(request, id);
            new CentralRequest(request).checkVersion(Etags.of(known));
            ObjectNode merged = MergePatch.merged(CatalogLists.source(known), JsonBody.object(body));
            return save(request, id, merged, Optional.of(known));
        });
    }

    private CompletionStage<HttpResponse<String>> save(
            HttpRequest<?> request, String id, ObjectNode document, Optional<CatalogItem> known) {
        new CentralRequest(request).scope().checkAll();
        JsonBody body = JsonBody.of(document);
        body.text("displayName", CentralRequest.LONGEST_NAME);
        body.text("description", CentralRequest.LONGEST_DESCRIPTION);
        if (body.object("capabilityModel").isEmpty()) {
            throw body.wrong("capabilityModel", "an object, and required");
        }
        document.remove(List.of("@id", "id", "etag"));
        String source = document.toString();
        if (source.length() > LONGEST) {
            throw new ProblemException(Problem.tooLarge("A device template has up to " + LONGEST
                    + " characters, and not " + source.length() + ": leave out what devices are not asked for."));
        }
        if (known.isEmpty() && CatalogLists.isFull(catalog, LIST, MOST)) {
            throw new ProblemException(new Problem(
                    400,
                    "TooManyDeviceTemplates",
                    "There are " + MOST + " device templates, as many as may be: delete one."));
        }
        SaveCatalogItem save = CatalogLists.save(known)
                .setContent(new DeviceTemplate())
                .setSource(source)
                .build();
        return requests.catalog(LIST + id, save).thenApply(saved -> Answers.ok(document(saved)));
    }

    @Delete("/api/deviceTemplates/{id}")
    CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request, @PathVariable String id) {
        CentralRequest asked = new CentralRequest(request);
        asked.scope().checkAll();
        CatalogItem known = item(request, id);
        asked.checkVersion(Etags.of(known));
        return requests.deleteCatalogItem(LIST + id, new DeleteCatalogItem(Etags.of(known)))
                .thenApply(_ -> Answers.noContent());
    }

    private CatalogItem item(HttpRequest<?> request, String id) {
        return CatalogLists.item(new CentralRequest(request), catalog, LIST, id, "device template");
    }

    private static ObjectNode document(CatalogItem item) {
        return CatalogLists.document(item, LIST, "@id").put("etag", CatalogLists.etag(item));
    }
}
