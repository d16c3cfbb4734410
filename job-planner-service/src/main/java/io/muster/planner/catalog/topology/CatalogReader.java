package io.muster.planner.catalog.topology;

import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.records.CatalogItem;
import io.muster.records.DeviceGroup;
import io.muster.topics.Topics;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/** Answers questions of one task about the catalog of all partitions, by a copy of its topic; a value that is no item counts as none. */
public final class CatalogReader {
    /** Names the global store with the copy, by item id. */
    public static final String STORE = "all-catalog";

    private static final String GROUPS = "deviceGroups/";
    private static final String TEMPLATES = "deviceTemplates/";

    private final ReadOnlyKeyValueStore<String, byte[]> items;
    private final RecordCodec<CatalogItem> codec;

    /** Makes one over the global store. */
    public CatalogReader(ReadOnlyKeyValueStore<String, byte[]> items, Codecs codecs) {
        this.items = items;
        this.codec = codecs.of(Topics.CATALOG);
    }

    /**
     * Returns the condition that selects a group's devices; empty where the group is gone, or a device template that it names, or where it is of another organization.
     *
     * @param organization null for none
     */
    public Optional<String> condition(String group, @Nullable String organization) {
        return item(GROUPS + group)
                .filter(item -> Objects.equals(item.getOrganization(), organization))
                .map(CatalogItem::getContent)
                .filter(DeviceGroup.class::isInstance)
                .map(DeviceGroup.class::cast)
                .filter(found -> missing(found.getTemplates()).isEmpty())
                .map(DeviceGroup::getCondition);
    }

    /** Returns the first device template that is not there; empty where all are. */
    public Optional<String> missing(List<String> templates) {
        return templates.stream()
                .filter(template -> item(TEMPLATES + template).isEmpty())
                .findFirst();
    }

    private Optional<CatalogItem> item(String id) {
        byte @Nullable [] value = items.get(id);
        try {
            return value == null ? Optional.empty() : Optional.of(codec.decode(value));
        } catch (UndecodableRecordException _) {
            return Optional.empty();
        }
    }
}
