package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.CatalogView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.query.group.GroupFilter;
import io.muster.query.kernel.QueryException;
import io.muster.records.CatalogItem;
import io.muster.records.DeviceGroup;
import io.muster.records.SaveCatalogItem;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads and writes device groups. A group whose device template is gone is broken. Contract: iot-central, 1.6 and 1.7. */
final class Groups {
    /** Names the list of groups in the catalog. */
    static final String LIST = "deviceGroups/";

    /** Bounds a filter as queries are. */
    private static final int LONGEST_FILTER = 8192;

    private static final Members MEMBERS =
            Members.of("id", "displayName", "filter", "description", "etag", "broken", Scope.MEMBER);

    private final CatalogView catalog;

    Groups(CatalogView catalog) {
        this.catalog = catalog;
    }

    /** Returns a group that the caller sees. @throws ProblemException (404) where there is none */
    CatalogItem item(CentralRequest request, String id) {
        return CatalogLists.item(request, catalog, LIST, id, "device group");
    }

    /**
     * Reads a group's document.
     *
     * @param known the group that it changes; empty for a new one
     * @throws ProblemException (400) where it is none; a wrong filter with its place
     */
    SaveCatalogItem read(Scope scope, ObjectNode document, Optional<CatalogItem> known) {
        JsonBody body = JsonBody.of(document).rejectOthers(MEMBERS);
        if (body.text("displayName", CentralRequest.LONGEST_NAME).isEmpty()) {
            throw body.wrong("displayName", "a text, and required");
        }
        body.text("description", CentralRequest.LONGEST_DESCRIPTION);
        String filter =
                body.text("filter", LONGEST_FILTER).orElseThrow(() -> body.wrong("filter", "a query, and required"));
        GroupFilter parsed = parse(filter);
        parsed.templates().stream().filter(this::isMissing).findFirst().ifPresent(template -> {
            throw invalid("There is no device template " + template + ", which the filter names: make it first.");
        });
        @Nullable
        String organization =
                scope.named(body, known.map(CatalogItem::getOrganization).orElse(null));
        ObjectNode source = document.deepCopy();
        source.remove(List.of("id", "etag", "broken", Scope.MEMBER));
        return CatalogLists.save(known)
                .setContent(new DeviceGroup(filter, Scope.within(parsed.condition(), organization), parsed.templates()))
                .setOrganization(organization)
                .setSource(source.toString())
                .build();
    }

    private static GroupFilter parse(String filter) {
        try {
            return GroupFilter.parse(filter);
        } catch (QueryException e) {
            throw invalid(e.sentence() + " (line " + e.line() + ", character " + e.column() + " of the filter).");
        }
    }

    private static ProblemException invalid(String sentence) {
        return new ProblemException(new Problem(400, "InvalidDeviceGroup", sentence));
    }

    private boolean isMissing(String template) {
        return catalog.get(TemplateController.LIST + template).isEmpty();
    }

    /** Returns why a group is broken; empty where it is not. */
    Optional<String> fault(CatalogItem group) {
        return ((DeviceGroup) group.getContent())
                .getTemplates().stream()
                        .filter(this::isMissing)
                        .findFirst()
                        .map(template -> "The device group is broken: its device template " + template + " is gone.");
    }

    /** Returns the condition that selects a group's devices. */
    static String condition(CatalogItem group) {
        return ((DeviceGroup) group.getContent()).getCondition();
    }

    /** Writes a group, with our own member {@code broken} where it is. */
    ObjectNode document(CatalogItem group) {
        ObjectNode body = CatalogLists.document(group, LIST, "id").put("etag", CatalogLists.etag(group));
        if (group.getOrganization() != null) {
            body.putArray(Scope.MEMBER).add(group.getOrganization());
        }
        fault(group).ifPresent(reason -> body.put("broken", reason));
        return body;
    }
}
