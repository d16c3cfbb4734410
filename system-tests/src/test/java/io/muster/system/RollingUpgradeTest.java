package io.muster.system;

import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.service.KafkaConnection;
import io.muster.service.StreamsApplication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
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

/** Replaces instances one by one by those of a version that has a store more. */
class RollingUpgradeTest {
    private static final String ID = "rolling-upgrade";
    private static final String TOPIC = "rolling-in";

    @TempDir
    Path folder;

    private static final class Keeping implements Processor<String, String, Void, Void> {
        private KeyValueStore<String, String> store;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            store = context.getStateStore("first");
        }

        @Override
        public void process(Record<String, String> record) {
            store.put(record.key(), record.value());
        }
    }

    private StreamsApplication start(String kafka, String instance, String... stores) throws InterruptedException {
        Topology topology = new Topology()
                .addSource("in", Serdes.String().deserializer(), Serdes.String().deserializer(), TOPIC)
                .addProcessor("keep", Keeping::new, "in");
        for (String store : stores) {
            topology.addStateStore(
                    Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(store), Serdes.String(), Serdes.String()),
                    "keep");
        }
        return StreamsApplication.start(
                topology,
                new StreamsApplication.Options(
                        ID, new KafkaConnection(kafka, Map.of()), folder.resolve(instance), 1, 1, Map.of()),
                new SimpleMeterRegistry());
    }

    @Test
    void startsANewerVersionBesideTheOld() throws Exception {
        String kafka = RunningMuster.get().standalone.options().kafka();
        StreamTopics.create(kafka, TOPIC);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka), new StringSerializer(), new StringSerializer());
                StreamsApplication old = start(kafka, "old", "first")) {
            for (int i = 0; i < 20; i++) {
                producer.send(new ProducerRecord<>(TOPIC, "k" + i, "v")).get();
            }
            await().atMost(Duration.ofSeconds(30)).until(old::ready);
            try (StreamsApplication next = start(kafka, "next", "first", "second")) {
                await().atMost(Duration.ofSeconds(30)).until(() -> next.ready() && old.ready());
            }
        }
    }
}
