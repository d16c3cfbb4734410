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
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Knows the catalog of all partitions by a copy of the topic that is some milliseconds behind. Values stay bytes: they are restored without being read, and a value that is no
 * item counts as none.
 */
public final class CatalogCopy implements Processor<String, byte[], Void, Void> {
    /** Names the global store, by item id. */
    public static final String STORE = "all-catalog";

    private static final String GROUPS = "deviceGroups/";
    private static final String TEMPLATES = "deviceTemplates/";

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else.
    private KeyValueStore<String, byte[]> store;

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        this.store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        if (record.key() != null) {
            store.put(record.key(), record.value());
        }
    }

    /** Answers questions of one task. */
    public static final class Reader {
        private final ReadOnlyKeyValueStore<String, byte[]> items;
        private final RecordCodec<CatalogItem> codec;

        /** Makes one over the global store. */
        public Reader(ReadOnlyKeyValueStore<String, byte[]> items, Codecs codecs) {
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
}
