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
import io.muster.records.SaveCatalogItem;
import java.util.Optional;
import java.util.function.Function;

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
        return request.page(
                catalog,
                list,
                CatalogItem::getItemId,
                item -> sees(request, item),
                item -> item.getSource().length(),
                document);
    }

    /** Returns an item for a change of its version that the caller was checked for; empty where there is none. @throws ProblemException (404, 412) where the caller does not see it, or asks for another version */
    static Optional<CatalogItem> toChange(
            CentralRequest request, CatalogView catalog, String list, String id, String what) {
        Optional<CatalogItem> known = catalog.get(list + id);
        known.ifPresent(_ -> item(request, catalog, list, id, what));
        request.checkVersion(known.map(Etags::of).orElse(null));
        return known;
    }

    /** Returns a save of exactly the version that the caller was checked for. */
    static SaveCatalogItem.Builder save(Optional<CatalogItem> known) {
        return SaveCatalogItem.newBuilder()
                .setIfMatch(known.map(Etags::of).orElse(null))
                .setMustBeNew(known.isEmpty());
    }

    /** Returns whether a list has as many items as may be. */
    static boolean isFull(CatalogView catalog, String list, int most) {
        return catalog.page(list, null, most).size() == most;
    }

    /** Returns the document that an item was given. */
    static ObjectNode source(CatalogItem item) {
        return (ObjectNode) JsonBody.stored(item.getSource());
    }

    /** Returns the document that an item was given, with its id first. */
    static ObjectNode document(CatalogItem item, String list, String idName) {
        ObjectNode body = JsonNodeFactory.instance.objectNode().put(idName, id(item, list));
        body.setAll((ObjectNode) source(item).without(idName));
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
