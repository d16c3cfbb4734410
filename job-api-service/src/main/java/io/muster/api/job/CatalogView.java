package io.muster.api.job;

import io.muster.records.CatalogItem;
import java.util.Comparator;

/** Shows the catalog: device groups, device templates and API tokens. Thread-safe. */
public final class CatalogView extends DocumentView<CatalogItem> {
    /** Makes an empty one. */
    public CatalogView() {
        super(
                CatalogItem::getItemId,
                CatalogItem::getCreatedAt,
                Comparator.comparing(CatalogItem::getCreatedAt).thenComparing(CatalogItem::getRevision));
    }
}
