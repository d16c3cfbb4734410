package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpResponse;
import io.muster.api.job.CatalogView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.Etags;
import io.muster.records.CatalogItem;
import io.muster.records.DeviceTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads items of the catalog for a caller, who sees those of its organization. */
final class CatalogLists {
    private CatalogLists() {}

    /** Returns an item. @param list with a slash behind its name @param what the item is called @throws ProblemException (404) where the caller sees none of that id */
    static CatalogItem item(CentralRequest request, CatalogView catalog, String list, String id, String what) {
        return catalog.get(list + id)
                .filter(item -> sees(request, item))
                .orElseThrow(() -> new ProblemException(Problem.notFound("There is no " + what + " '" + id + "'.")));
    }

    /** Returns whether the caller sees an item: device templates are everybody's. */
    private static boolean sees(CentralRequest request, CatalogItem item) {
        return item.getContent() instanceof DeviceTemplate || request.scope().sees(item.getOrganization());
    }

    /** Answers a page of a list. */
    static HttpResponse<String> page(
            CentralRequest request, CatalogView catalog, String list, Function<CatalogItem, ObjectNode> document) {
        int limit = request.limit();
        List<CatalogItem> seen = new ArrayList<>();
        @Nullable String after = request.after() == null ? null : list + request.after();
        List<CatalogItem> page = catalog.page(list, after, limit);
        while (!page.isEmpty() && seen.size() <= limit) {
            page.stream().filter(item -> sees(request, item)).forEach(seen::add);
            page = catalog.page(list, page.getLast().getItemId(), limit);
        }
        List<CatalogItem> shown = seen.subList(0, Math.min(limit, seen.size()));
        return request.page(
                shown.stream().map(document).toList(),
                seen.size() > limit ? Optional.of(id(shown.getLast(), list)) : Optional.empty());
    }

    /** Returns the document that an item was given, with its id. */
    static ObjectNode document(CatalogItem item, String list) {
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("id", id(item, list));
        body.setAll((ObjectNode) JsonBody.stored(item.getSource()));
        return body;
    }

    /** Returns an item's etag as documents show it, in quotes. */
    static String etag(CatalogItem item) {
        return "\"" + Etags.of(item) + "\"";
    }

    private static String id(CatalogItem item, String list) {
        return item.getItemId().substring(list.length());
    }
}
