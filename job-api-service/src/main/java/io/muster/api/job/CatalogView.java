package io.muster.api.job;

import io.muster.records.CatalogItem;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Shows the catalog: device groups, device templates and API tokens. Thread-safe. An item that was deleted does not come back by a reply that is late: a token that was revoked would let its
 * holder in for ever.
 */
public final class CatalogView extends DocumentView<CatalogItem> {
    /** Bounds the deletions that are remembered, by far longer than a reply may take. */
    private static final int MOST_DELETED = 10_000;

    private final Map<String, Instant> deleted = Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
            return size() > MOST_DELETED;
        }
    });

    /** Makes an empty one. */
    public CatalogView() {
        super(
                CatalogItem::getItemId,
                CatalogItem::getCreatedAt,
                Comparator.comparing(CatalogItem::getCreatedAt).thenComparing(CatalogItem::getRevision));
    }

    @Override
    public void put(CatalogItem item) {
        super.put(item);
        if (item.getCreatedAt().equals(deleted.get(item.getItemId()))) {
            super.forget(item.getItemId());
        }
    }

    @Override
    public void forget(String itemId) {
        remember(itemId);
        super.forget(itemId);
    }

    @Override
    public void readTombstone(String itemId) {
        remember(itemId);
        super.readTombstone(itemId);
    }

    private void remember(String itemId) {
        get(itemId).ifPresent(item -> deleted.put(itemId, item.getCreatedAt()));
    }
}
