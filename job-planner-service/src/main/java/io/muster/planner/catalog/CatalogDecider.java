package io.muster.planner.catalog;

import io.muster.document.Etags;
import io.muster.query.device.Condition;
import io.muster.query.kernel.QueryException;
import io.muster.records.ApiToken;
import io.muster.records.CatalogEvent;
import io.muster.records.CatalogItem;
import io.muster.records.CatalogItemDeleted;
import io.muster.records.CatalogItemSaved;
import io.muster.records.CatalogRefusalReason;
import io.muster.records.CatalogRefused;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.DeviceGroup;
import io.muster.records.SaveCatalogItem;
import io.muster.service.decider.Decision;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decides on an item of the catalog. A command that names a version changes that one or nothing: of two writers who read the same one, the second is refused.
 *
 * <pre>
 * (none) --Save----> there, of revision 1
 * there  --Save----> there, of the next revision
 * there  --Delete--> (none)
 * </pre>
 */
public final class CatalogDecider {
    private static final Pattern ID =
            Pattern.compile("(deviceGroups|deviceTemplates|apiTokens)/[A-Za-z0-9:;._~-]{1,255}");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    private CatalogDecider() {}

    /** Decides what comes of a command. @param item null where there is none of that id */
    public static Decision<CatalogEvent> decide(
            String id, @Nullable CatalogItem item, SaveCatalogItem save, Instant now) {
        if (item != null && save.getMustBeNew()) {
            return refused(CatalogRefusalReason.ALREADY_EXISTS, "There is an item of that id.");
        }
        Optional<Decision<CatalogEvent>> conflict = conflict(item, save.getIfMatch());
        if (conflict.isPresent()) {
            return conflict.get();
        }
        Optional<String> fault = fault(id, save);
        return fault.isPresent()
                ? refused(CatalogRefusalReason.INVALID, fault.get())
                : happened(id, now, new CatalogItemSaved(save.getContent(), save.getOrganization(), save.getSource()));
    }

    /** Decides what comes of a deletion. @param item null where there is none of that id */
    public static Decision<CatalogEvent> decide(
            String id, @Nullable CatalogItem item, DeleteCatalogItem delete, Instant now) {
        if (item == null) {
            return refused(CatalogRefusalReason.NOT_FOUND, "There is no item of that id.");
        }
        return conflict(item, delete.getIfMatch()).orElseGet(() -> happened(id, now, new CatalogItemDeleted()));
    }

    private static Optional<Decision<CatalogEvent>> conflict(@Nullable CatalogItem item, @Nullable String ifMatch) {
        boolean holds = item == null ? ifMatch == null : Etags.matches(ifMatch, Etags.of(item));
        return holds
                ? Optional.empty()
                : Optional.of(refused(
                        CatalogRefusalReason.PRECONDITION_FAILED,
                        "The item is not of the version that If-Match names: read it again."));
    }

    private static Optional<String> fault(String id, SaveCatalogItem save) {
        if (!ID.matcher(id).matches()) {
            return Optional.of(
                    "An item's id is deviceGroups, deviceTemplates or apiTokens, a slash, and up to 255 letters,"
                            + " digits and characters of :;._~-.");
        }
        return switch (save.getContent()) {
            case DeviceGroup group -> fault(group);
            case ApiToken token ->
                HASH.matcher(token.getHash()).matches()
                        ? Optional.empty()
                        : Optional.of("The hash of a token is its SHA-256 in hexadecimal.");
            default -> Optional.empty();
        };
    }

    private static Optional<String> fault(DeviceGroup group) {
        try {
            Condition.parse(group.getCondition());
            return Optional.empty();
        } catch (QueryException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** Returns the item after the event; null where it is gone. */
    public static @Nullable CatalogItem evolve(@Nullable CatalogItem item, CatalogEvent event) {
        return switch (event.getEvent()) {
            case CatalogItemSaved saved ->
                new CatalogItem(
                        event.getItemId(),
                        saved.getContent(),
                        saved.getOrganization(),
                        saved.getSource(),
                        item == null ? 1 : item.getRevision() + 1,
                        item == null ? event.getAt() : item.getCreatedAt(),
                        event.getAt());
            case CatalogItemDeleted _ -> null;
            case Object unknown -> throw new IllegalStateException("not an event, class=" + unknown.getClass());
        };
    }

    private static Decision<CatalogEvent> happened(String id, Instant now, Object event) {
        return new Decision.Happened<>(new CatalogEvent(id, now, event));
    }

    private static Decision<CatalogEvent> refused(CatalogRefusalReason reason, String sentence) {
        return new Decision.Refused<>(new CatalogRefused(reason, sentence));
    }
}
