package io.muster.planner;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.StateRestoreCallback;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.processor.internals.StateRestoreCallbackAdapter;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Begins stores with what their changelogs hold: the test driver itself restores nothing. Holds up what is written to some topics. */
final class RestoredTopology extends Topology {
    private final Map<String, Map<String, byte[]>> changelogs;

    static {
        // It warns at each reading of a topic whose sink chooses the topic and has chosen none yet: some million times
        // in these tests.
        ((Logger) LoggerFactory.getLogger(TopologyTestDriver.class)).setLevel(Level.ERROR);
    }

    private final Set<String> held;

    /**
     * Makes an empty one.
     *
     * @param changelogs by store: values by key
     * @param held names of topics whose records go to {@link #heldUp} instead, while they are in the set
     */
    RestoredTopology(Map<String, Map<String, byte[]>> changelogs, Set<String> held) {
        this.changelogs = changelogs;
        this.held = held;
    }

    /** Returns the name of the topic to which the records of a topic go that is held up. */
    static String heldUp(String topic) {
        return "held-" + topic;
    }

    @Override
    public synchronized <K, V> Topology addSink(
            String name,
            String topic,
            Serializer<K> keys,
            Serializer<V> values,
            StreamPartitioner<? super K, ? super V> partitioner,
            String... parents) {
        return super.addSink(
                name, (_, _, _) -> held.contains(topic) ? heldUp(topic) : topic, keys, values, partitioner, parents);
    }

    @Override
    public synchronized <KIn, VIn, KOut, VOut> Topology addProcessor(
            String name, ProcessorSupplier<KIn, VIn, KOut, VOut> supplier, String... parents) {
        return super.addProcessor(
                name,
                new ProcessorSupplier<KIn, VIn, KOut, VOut>() {
                    @Override
                    public Processor<KIn, VIn, KOut, VOut> get() {
                        return supplier.get();
                    }

                    @Override
                    public Set<StoreBuilder<?>> stores() {
                        Set<StoreBuilder<?>> stores = new HashSet<>();
                        for (StoreBuilder<?> builder : supplier.stores()) {
                            stores.add(restoring(builder));
                        }
                        return stores;
                    }
                },
                parents);
    }

    @SuppressWarnings("unchecked") // A proxy of the same.
    private <S extends StateStore> StoreBuilder<S> restoring(StoreBuilder<S> builder) {
        return proxy(StoreBuilder.class, (method, arguments) -> {
            Object answer = method.invoke(builder, arguments);
            return answer instanceof KeyValueStore<?, ?> store ? restoring(store) : answer;
        });
    }

    private KeyValueStore<?, ?> restoring(KeyValueStore<?, ?> store) {
        return (KeyValueStore<?, ?>) proxy(interfaces(store.getClass()), (method, arguments) -> {
            if (!method.getName().equals("init")) {
                return method.invoke(store, arguments);
            }
            List<StateRestoreCallback> restores = new ArrayList<>();
            InternalProcessorContext<?, ?> real = (InternalProcessorContext<?, ?>) arguments[0];
            InternalProcessorContext<?, ?> context = proxy(InternalProcessorContext.class, (called, with) -> {
                if (called.getName().equals("register")) {
                    restores.add((StateRestoreCallback) with[1]);
                }
                return called.invoke(real, with);
            });
            store.init(context, (StateStore) arguments[1]);
            restores.forEach(restore -> restore(store.name(), restore));
            return null;
        });
    }

    private void restore(String store, StateRestoreCallback callback) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        changelogs
                .getOrDefault(store, Map.of())
                .forEach((key, value) -> records.add(
                        new ConsumerRecord<>(store, 0, records.size(), key.getBytes(StandardCharsets.UTF_8), value)));
        StateRestoreCallbackAdapter.adapt(callback).restoreBatch(records);
    }

    private interface Call {
        @Nullable
        Object of(Method method, Object[] arguments) throws ReflectiveOperationException;
    }

    private static Class<?>[] interfaces(Class<?> type) {
        Set<Class<?>> all = new LinkedHashSet<>();
        for (Class<?> of = type; of != null; of = of.getSuperclass()) {
            all.addAll(List.of(of.getInterfaces()));
        }
        return all.toArray(Class<?>[]::new);
    }

    private static <T> T proxy(Class<T> type, Call call) {
        return type.cast(proxy(new Class<?>[] {type}, call));
    }

    private static Object proxy(Class<?>[] types, Call call) {
        return Proxy.newProxyInstance(RestoredTopology.class.getClassLoader(), types, (_, method, arguments) -> {
            try {
                return call.of(method, arguments);
            } catch (InvocationTargetException e) {
                throw Objects.requireNonNull(e.getCause(), "the cause");
            }
        });
    }
}
