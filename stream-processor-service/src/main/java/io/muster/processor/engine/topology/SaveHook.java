package io.muster.processor.engine.topology;

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
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/**
 * Notifies a task that a commit begins, so that it can write down its changes, once a commit and not once a change. It is a store with a
 * cache and nothing else: entries that were put into the cache come out of it when Kafka Streams commits, whatever made it commit. For one
 * application.
 */
final class SaveHook {
    private final String name;
    private final Map<TaskId, Saving> tasks = new ConcurrentHashMap<>();

    /** Saves the state of one task with the next commit, where it changed. For one thread. */
    final class Saving implements AutoCloseable {
        private final KeyValueStore<String, Long> store;
        private final TaskId task;
        private final Runnable save;
        private boolean changed;

        private Saving(KeyValueStore<String, Long> store, TaskId task, Runnable save) {
            this.store = store;
            this.task = task;
            this.save = save;
        }

        /** Notes that there is something to save. */
        void changed() {
            if (!changed) {
                changed = true;
                store.put("", 0L);
            }
        }

        private void run() {
            changed = false;
            save.run();
        }

        @Override
        public void close() {
            tasks.remove(task, this);
        }
    }

    /** Names the store after a processor. @param processor whose saves it is */
    SaveHook(String processor) {
        this.name = processor + "-save";
    }

    /** Returns the store to add to the processor that saves. */
    StoreBuilder<KeyValueStore<String, Long>> store() {
        return Stores.keyValueStoreBuilder(new Supplier(), Serdes.String(), Serdes.Long())
                .withCachingEnabled()
                .withLoggingDisabled();
    }

    /** Begins to save, from the processor's {@code init}. @param save runs when a commit begins, if anything changed since the last */
    Saving of(ProcessorContext<?, ?> context, Runnable save) {
        Saving saving = new Saving(context.getStateStore(name), context.taskId(), save);
        tasks.put(context.taskId(), saving);
        return saving;
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
            Saving saving = task == null ? null : tasks.get(task);
            if (saving != null) {
                saving.run();
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
