package io.muster.processor.engine.stream;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/**
 * Tells a task that a commit begins, so that it can write down what has changed, once a commit and not once a change. It is a store with a
 * cache and nothing else: what was put into the cache comes out of it when Kafka Streams commits, whatever made it commit. For one
 * application.
 */
final class SaveHook {
    private final String name;
    private final Map<TaskId, Runnable> saves = new ConcurrentHashMap<>();

    /** @param processor whose saves it is */
    SaveHook(String processor) {
        this.name = processor + "-save";
    }

    /** To be added to the processor that saves. */
    StoreBuilder<KeyValueStore<String, Long>> store() {
        return Stores.keyValueStoreBuilder(new Supplier(), Serdes.String(), Serdes.Long())
                .withCachingEnabled()
                .withLoggingDisabled();
    }

    String name() {
        return name;
    }

    void onSave(TaskId task, Runnable save) {
        saves.put(task, save);
    }

    void forget(TaskId task) {
        saves.remove(task);
    }

    private final class Supplier implements KeyValueBytesStoreSupplier {
        @Override
        public String name() {
            return name;
        }

        @Override
        public KeyValueStore<Bytes, byte[]> get() {
            return new Hook();
        }

        @Override
        public String metricsScope() {
            return "save";
        }
    }

    /** Keeps nothing. */
    private final class Hook implements KeyValueStore<Bytes, byte[]> {
        private @Nullable TaskId task;
        private boolean open;

        @Override
        public void init(StateStoreContext context, StateStore root) {
            task = context.taskId();
            open = true;
            context.register(root, (_, _) -> {});
        }

        @Override
        public void put(Bytes key, byte @Nullable [] value) {
            Runnable save = task == null ? null : saves.get(task);
            if (save != null) {
                save.run();
            }
        }

        @Override
        public byte @Nullable [] putIfAbsent(Bytes key, byte[] value) {
            put(key, value);
            return null;
        }

        @Override
        public void putAll(List<KeyValue<Bytes, byte[]>> entries) {
            entries.forEach(entry -> put(entry.key, entry.value));
        }

        @Override
        public byte @Nullable [] delete(Bytes key) {
            return null;
        }

        @Override
        public byte @Nullable [] get(Bytes key) {
            return null;
        }

        @Override
        public KeyValueIterator<Bytes, byte[]> range(Bytes from, Bytes to) {
            return new Nothing();
        }

        @Override
        public KeyValueIterator<Bytes, byte[]> all() {
            return new Nothing();
        }

        @Override
        public long approximateNumEntries() {
            return 0;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void close() {
            open = false;
        }

        @Override
        public boolean persistent() {
            return false;
        }

        @Override
        public boolean isOpen() {
            return open;
        }
    }

    private static final class Nothing implements KeyValueIterator<Bytes, byte[]> {
        @Override
        public void close() {}

        @Override
        public Bytes peekNextKey() {
            return Collections.<Bytes>emptyIterator().next();
        }

        @Override
        public boolean hasNext() {
            return false;
        }

        @Override
        public KeyValue<Bytes, byte[]> next() {
            return Collections.<KeyValue<Bytes, byte[]>>emptyIterator().next();
        }
    }
}
