package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.service.CommittedOffsets;
import io.muster.service.KafkaConnection;
import io.muster.service.StreamsApplication;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Repeats nothing where an application that has state has lost its offsets. */
class LostOffsetsTest {
    private static final String ID = "lost-offsets";

    @TempDir
    Path folder;

    private static final class Counting implements Processor<String, String, String, Long> {
        private ProcessorContext<String, Long> context;
        private KeyValueStore<String, Long> store;

        @Override
        public void init(ProcessorContext<String, Long> context) {
            this.context = context;
            store = context.getStateStore("counts");
        }

        @Override
        public void process(Record<String, String> record) {
            Long count = store.get(record.key());
            store.put(record.key(), count == null ? 1L : count + 1);
            context.forward(record.withValue(store.get(record.key())));
        }
    }

    private StreamsApplication start(String kafka, String in, String out) throws InterruptedException {
        Topology topology = new Topology()
                .addSource("in", Serdes.String().deserializer(), Serdes.String().deserializer(), in)
                .addProcessor("count", Counting::new, "in")
                .addStateStore(
                        Stores.keyValueStoreBuilder(
                                Stores.inMemoryKeyValueStore("counts"), Serdes.String(), Serdes.Long()),
                        "count")
                .addSink("out", out, Serdes.String().serializer(), Serdes.Long().serializer(), "count");
        return StreamsApplication.start(
                topology,
                new StreamsApplication.Options(ID, new KafkaConnection(kafka, Map.of()), folder, 1, 1, Map.of()),
                new SimpleMeterRegistry());
    }

    private static List<Long> counts(String kafka, String out) {
        return StreamTopics.read(kafka, out, Serdes.Bytes().deserializer()).stream()
                .map(record -> Serdes.Long()
                        .deserializer()
                        .deserialize(out, record.value().get()))
                .toList();
    }

    @Test
    void repeatsNothingAfterOffsetsAreLost() throws Exception {
        String kafka = RunningMuster.get().standalone.options().kafka();
        String in = "lost-in";
        String out = "lost-out";
        StreamTopics.create(kafka, in, out);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka));
                KafkaProducer<String, String> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka), new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(in, "a", "1")).get();
            try (StreamsApplication application = start(kafka, in, out)) {
                await().until(() -> counts(kafka, out).equals(List.of(1L)));
            }
            producer.send(new ProducerRecord<>(in, "a", "2")).get();
            try (StreamsApplication application = start(kafka, in, out)) {
                await().until(() -> counts(kafka, out).equals(List.of(1L, 2L)));
            }
            await().until(() -> admin.describeConsumerGroups(List.of(ID))
                    .all()
                    .get()
                    .get(ID)
                    .members()
                    .isEmpty());
            admin.deleteConsumerGroups(List.of(ID)).all().get();
            assertThatThrownBy(() -> start(kafka, in, out))
                    .isInstanceOf(CommittedOffsets.LostException.class)
                    .hasMessageContaining("The offsets of the group lost-offsets are gone");
            assertThat(counts(kafka, out)).containsExactly(1L, 2L);
        }
    }
}
