package io.muster.planner;

import io.muster.service.Route;
import io.muster.service.coordinator.KeyPartition;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.StoreBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Is the topology of one of several partitions. The test driver knows one partition only: here processors see the partition that the test names, and
 * what they write goes to the test, with the partition that a producer would choose.
 */
final class PartitionTopology extends Topology {
    /** Holds a record that the application wrote. */
    record Written(String topic, int partition, @Nullable String key, byte @Nullable [] value, Headers headers) {}

    private final int partition;
    private final ToIntFunction<String> partitions;
    private final Consumer<Written> log;

    /**
     * Makes an empty one.
     *
     * @param partitions how many a topic has
     * @param log takes what is written
     */
    PartitionTopology(int partition, ToIntFunction<String> partitions, Consumer<Written> log) {
        this.partition = partition;
        this.partitions = partitions;
        this.log = log;
    }

    @Override
    public synchronized <KIn, VIn, KOut, VOut> Topology addProcessor(
            String name, ProcessorSupplier<KIn, VIn, KOut, VOut> supplier, String... parents) {
        return super.addProcessor(
                name,
                new ProcessorSupplier<KIn, VIn, KOut, VOut>() {
                    @Override
                    public Processor<KIn, VIn, KOut, VOut> get() {
                        return new InPartition<>(supplier.get());
                    }

                    @Override
                    public @Nullable Set<StoreBuilder<?>> stores() {
                        return supplier.stores();
                    }
                },
                parents);
    }

    @Override
    public synchronized <K, V> Topology addSink(
            String name, String topic, Serializer<K> keys, Serializer<V> values, String... parents) {
        return addSink(name, topic, keys, values, (_, _, _, _) -> Optional.empty(), parents);
    }

    @Override
    public synchronized <K, V> Topology addSink(
            String name,
            String topic,
            Serializer<K> keys,
            Serializer<V> values,
            @Nullable StreamPartitioner<? super K, ? super V> partitioner,
            String... parents) {
        return super.addProcessor(
                name, () -> (Processor<K, V, Void, Void>) record -> write(topic, keys, values, record), parents);
    }

    private <K, V> void write(String topic, Serializer<K> keys, Serializer<V> values, Record<K, V> record) {
        byte @Nullable [] key = record.key() == null ? null : keys.serialize(topic, record.key());
        @Nullable String text = key == null ? null : new String(key, StandardCharsets.UTF_8);
        int count = partitions.applyAsInt(topic);
        int to = record.key() instanceof Route route && route.partition() >= 0
                ? route.partition()
                : text == null ? 0 : KeyPartition.of(text, count);
        log.accept(new Written(
                topic,
                to,
                text,
                record.value() == null ? null : values.serialize(topic, record.value()),
                record.headers()));
    }

    /** Runs a processor that sees the partition of this topology. */
    private final class InPartition<KIn, VIn, KOut, VOut> implements Processor<KIn, VIn, KOut, VOut> {
        private final Processor<KIn, VIn, KOut, VOut> processor;

        private InPartition(Processor<KIn, VIn, KOut, VOut> processor) {
            this.processor = processor;
        }

        @Override
        @SuppressWarnings("unchecked") // A proxy of the same.
        public void init(ProcessorContext<KOut, VOut> context) {
            processor.init((ProcessorContext<KOut, VOut>) Proxy.newProxyInstance(
                    PartitionTopology.class.getClassLoader(),
                    new Class<?>[] {ProcessorContext.class},
                    (_, method, arguments) -> switch (method.getName()) {
                        case "taskId" -> new TaskId(0, partition);
                        case "recordMetadata" ->
                            context.recordMetadata()
                                    .map(metadata -> (RecordMetadata) new Position(metadata, partition));
                        default -> {
                            try {
                                yield method.invoke(context, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        }
                    }));
        }

        @Override
        public void process(Record<KIn, VIn> record) {
            processor.process(record);
        }

        @Override
        public void close() {
            processor.close();
        }
    }

    private record Position(String topic, int partition, long offset) implements RecordMetadata {
        private Position(RecordMetadata of, int partition) {
            this(of.topic(), partition, of.offset());
        }
    }
}
