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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Serves device groups. Contract: iot-central, 1.3 and 1.7. */
@Controller(Central.MOUNT)
@Consumes(MediaType.ALL)
final class GroupController {
    private final Requests requests;
    private final CatalogView catalog;
    private final Groups groups;
    private final FleetDevices devices;
    private final CentralOptions options;
    private final Workers workers;

    GroupController(Requests requests, CatalogView catalog, CentralOptions options, Workers workers) {
        this.requests = requests;
        this.catalog = catalog;
        this.groups = new Groups(catalog);
        this.devices = new FleetDevices(requests);
        this.options = options;
        this.workers = workers;
    }

    @Get("/api/deviceGroups")
    CompletionStage<HttpResponse<String>> list(HttpRequest<?> request) {
        return workers.get(
                () -> CatalogLists.page(new CentralRequest(request), catalog, Groups.LIST, groups::document));
    }

    @Get("/api/deviceGroups/{id}")
    HttpResponse<String> get(HttpRequest<?> request, @PathVariable String id) {
        return Answers.ok(groups.document(groups.item(new CentralRequest(request), id)));
    }

    @Put("/api/deviceGroups/{id}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.run(() -> {
            CentralRequest asked = new CentralRequest(request);
            Optional<CatalogItem> known =
                    CatalogLists.toChange(asked, catalog, Groups.LIST, CentralRequest.id(id), "device group");
            return save(asked, id, JsonBody.object(body), known);
        });
    }

    @Patch("/api/deviceGroups/{id}")
    CompletionStage<HttpResponse<String>> patch(HttpRequest<?> request, @PathVariable String id, @Body byte[] body) {
        return workers.run(() -> {
            CentralRequest asked = new CentralRequest(request);
            CatalogItem known = groups.item(asked, id);
            asked.checkVersion(Etags.of(known));
            ObjectNode merged = MergePatch.merged(CatalogLists.source(known), Scope.cleared(JsonBody.object(body)));
            return save(asked, id, merged, Optional.of(known));
        });
    }

    private CompletionStage<HttpResponse<String>> save(
            CentralRequest request, String id, ObjectNode document, Optional<CatalogItem> known) {
        if (known.isEmpty() && CatalogLists.isFull(catalog, Groups.LIST, options.mostGroups())) {
            throw new ProblemException(new Problem(
                    400,
                    "TooManyDeviceGroups",
                    "There are " + options.mostGroups() + " device groups, as many as may be: delete one."));
        }
        return requests.catalog(Groups.LIST + id, groups.read(request.scope(), document, known))
                .thenApply(saved -> Answers.ok(groups.document(saved)));
    }

    @Delete("/api/deviceGroups/{id}")
    CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request, @PathVariable String id) {
        CentralRequest asked = new CentralRequest(request);
        CatalogItem known = groups.item(asked, id);
        asked.checkVersion(Etags.of(known));
        return requests.deleteCatalogItem(Groups.LIST + id, new DeleteCatalogItem(Etags.of(known)))
                .thenApply(_ -> Answers.noContent());
    }

    /** Answers the devices that match now; none where the group is broken. */
    @Get("/api/deviceGroups/{id}/devices")
    CompletionStage<HttpResponse<String>> members(HttpRequest<?> request, @PathVariable String id) {
        return workers.run(() -> {
            CentralRequest asked = new CentralRequest(request);
            CatalogItem group = groups.item(asked, id);
            if (groups.fault(group).isPresent()) {
                return CompletableFuture.completedFuture(asked.page(List.of(), Optional.empty()));
            }
            return devices.page(asked.scope().within(Groups.condition(group)), asked.after(), asked.limit())
                    .thenApply(page -> asked.page(
                            page.rows().stream().map(DeviceDocuments::document).toList(), page.next()));
        });
    }
}
