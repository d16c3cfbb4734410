package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.records.DeviceConnection;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.state.Documents;
import io.muster.service.state.SoundStore;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Garbage below a store, where a restored changelog would put it: no reader meets it. */
class SoundStoreTest {
    private static final RecordCodec<DeviceConnection> CODEC =
            new Codecs(new InMemorySchemaRegistry()).of(Topics.DEVICE_CONNECTIONS);
    private static final Instant NOW = Instant.parse("2026-11-28T00:00:00Z");

    private final List<Set<String>> asked = new ArrayList<>();
    private final Documents documents = (_, _, keys) -> {
        asked.add(new TreeSet<>(keys));
        return Map.of("on-topic", CODEC.encode(connection("on-topic")), "twice-bad", new byte[] {1});
    };

    private static DeviceConnection connection(String id) {
        return DeviceConnection.newBuilder()
                .setDeviceId(id)
                .setGateway(0)
                .setGatewayRun("run")
                .setEpoch(1)
                .setConnected(true)
                .setChangedAt(NOW)
                .setSubscriptions(List.of())
                .setAtLeastOnce(List.of())
                .build();
    }

    /** Puts what a record holds below the store, as a changelog would. */
    private static final class Below implements Processor<String, byte[], Void, Void> {
        private final List<KeyValueStore<Bytes, byte[]>> below;

        private Below(List<KeyValueStore<Bytes, byte[]>> below) {
            this.below = below;
        }

        @Override
        public void init(ProcessorContext<Void, Void> context) {}

        @Override
        public void process(Record<String, byte[]> record) {
            below.getLast().put(Bytes.wrap(record.key().getBytes(StandardCharsets.UTF_8)), record.value());
        }
    }

    private void with(boolean persistent, boolean onTopic, Consumer<KeyValueStore<String, DeviceConnection>> test)
            throws Exception {
        KeyValueBytesStoreSupplier real =
                persistent ? Stores.persistentKeyValueStore("s") : Stores.inMemoryKeyValueStore("s");
        List<KeyValueStore<Bytes, byte[]>> below = new ArrayList<>();
        KeyValueBytesStoreSupplier kept = new KeyValueBytesStoreSupplier() {
            @Override
            public String name() {
                return "s";
            }

            @Override
            public KeyValueStore<Bytes, byte[]> get() {
                below.add(real.get());
                return below.getLast();
            }

            @Override
            public String metricsScope() {
                return real.metricsScope();
            }
        };
        Topology topology = new Topology();
        topology.addSource("in", new StringDeserializer(), new ByteArrayDeserializer(), "in");
        topology.addProcessor("below", () -> new Below(below), "in");
        topology.addStateStore(
                SoundStore.builder(
                        kept, CODEC, onTopic ? Optional.of(Topics.DEVICE_CONNECTIONS) : Optional.empty(), documents),
                "below");
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "sound-" + System.nanoTime());
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
        try (TopologyTestDriver driver = new TopologyTestDriver(topology, properties, NOW)) {
            var in = driver.createInputTopic("in", new StringSerializer(), new ByteArraySerializer());
            KeyValueStore<String, DeviceConnection> store = driver.getKeyValueStore("s");
            store.put("good", connection("good"));
            for (String bad : List.of("a-bad", "on-topic", "twice-bad", "z-bad")) {
                in.pipeInput(bad, new byte[] {7, 7, 7});
            }
            in.advanceTime(Duration.ofMillis(1));
            test.accept(store);
        }
    }

    private static List<String> keys(KeyValueIterator<String, DeviceConnection> entries) {
        List<String> keys = new ArrayList<>();
        try (entries) {
            entries.forEachRemaining(entry -> {
                assertThat(entry.value.getDeviceId()).isEqualTo(entry.key);
                keys.add(entry.key);
            });
        }
        return keys;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aWalkMeetsWhatIsSoundAndWhatItsTopicHas(boolean persistent) throws Exception {
        with(persistent, true, store -> {
            assertThat(keys(store.all())).containsExactly("good", "on-topic");
            assertThat(keys(store.range("h", null))).containsExactly("on-topic");
            assertThat(keys(store.prefixScan("go", new StringSerializer()))).containsExactly("good");
            assertThat(keys(store.reverseAll())).containsExactly("on-topic", "good");
        });
        assertThat(asked)
                .as("asked once for all of them")
                .containsExactly(Set.of("a-bad", "on-topic", "twice-bad", "z-bad"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void oneThatNoTopicHasIsNotThereAndCanBeWrittenAgain(boolean persistent) throws Exception {
        with(persistent, false, store -> {
            assertThat(store.get("z-bad")).isNull();
            assertThat(store.get("on-topic")).isNull();
            assertThat(store.get("good")).isEqualTo(connection("good"));
            assertThat(store.putIfAbsent("z-bad", connection("z-bad"))).isNull();
            assertThat(store.delete("z-bad")).isEqualTo(connection("z-bad"));
            assertThat(keys(store.all())).containsExactly("good");
        });
        assertThat(asked).isEmpty();
    }

    @Test
    void deletingWhatCannotBeReadIsNoFailure() throws Exception {
        with(false, false, store -> assertThat(store.delete("a-bad")).isNull());
    }
}
