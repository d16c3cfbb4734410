package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.records.DeviceConnection;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.state.Documents;
import io.muster.service.state.SoundStore;
import io.muster.topics.Topics;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
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

/** Puts garbage below a store, where a restored changelog would put it: no reader meets it. */
class SoundStoreTest {
    private static final RecordCodec<DeviceConnection> CODEC =
            new Codecs(new InMemorySchemaRegistry()).of(Topics.DEVICE_CONNECTIONS);
    private static final byte[] GARBAGE = {7, 7, 7};
    private static final Instant NOW = Instant.parse("2026-11-28T00:00:00Z");

    private final List<Set<String>> asked = new ArrayList<>();
    private Map<String, byte[]> onTopicToo = Map.of("on-topic", CODEC.encode(connection("on-topic")));
    private final Documents documents = (_, _, keys) -> {
        asked.add(new TreeSet<>(keys));
        return onTopicToo;
    };
    private final List<KeyValueStore<Bytes, byte[]>> below = new ArrayList<>();
    private int walks;

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

    /** Fills a store with one good entry, and four that can't be read. */
    private void with(boolean persistent, boolean onTopic, Consumer<KeyValueStore<String, DeviceConnection>> test)
            throws Exception {
        Map<String, byte[]> entries = new HashMap<>(Map.of("good", CODEC.encode(connection("good"))));
        List.of("a-bad", "on-topic", "twice-bad", "z-bad").forEach(bad -> entries.put(bad, GARBAGE));
        with(persistent, onTopic, entries, test);
    }

    private void with(
            boolean persistent,
            boolean onTopic,
            Map<String, byte[]> entries,
            Consumer<KeyValueStore<String, DeviceConnection>> test)
            throws Exception {
        KeyValueBytesStoreSupplier real =
                persistent ? Stores.persistentKeyValueStore("s") : Stores.inMemoryKeyValueStore("s");
        below.clear();
        KeyValueBytesStoreSupplier kept = new KeyValueBytesStoreSupplier() {
            @Override
            public String name() {
                return "s";
            }

            @Override
            public KeyValueStore<Bytes, byte[]> get() {
                below.add(counting(real.get()));
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
            entries.forEach(in::pipeInput);
            in.advanceTime(Duration.ofMillis(1));
            walks = 0;
            test.accept(store);
        }
    }

    /** Counts walks over all of the store. */
    @SuppressWarnings("unchecked") // A proxy of the same type.
    private KeyValueStore<Bytes, byte[]> counting(KeyValueStore<Bytes, byte[]> store) {
        return (KeyValueStore<Bytes, byte[]>) Proxy.newProxyInstance(
                SoundStoreTest.class.getClassLoader(), new Class<?>[] {KeyValueStore.class}, (_, method, arguments) -> {
                    walks += method.getName().equals("all") ? 1 : 0;
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private Map<String, String> stored() {
        Map<String, String> stored = new HashMap<>();
        try (KeyValueIterator<Bytes, byte[]> all = below.getLast().all()) {
            all.forEachRemaining(entry -> stored.put(
                    new String(entry.key.get(), StandardCharsets.UTF_8),
                    HexFormat.of().formatHex(entry.value)));
        }
        return stored;
    }

    /** Encodes as another registry would number its schemas. */
    private static byte[] ofAnotherRegistry(String id) {
        InMemorySchemaRegistry other = new InMemorySchemaRegistry();
        Codecs codecs = new Codecs(other);
        codecs.registerAll();
        byte[] bytes = codecs.of(Topics.DEVICE_CONNECTIONS).encode(connection(id));
        assertThat(bytes[4]).isNotEqualTo(CODEC.encode(connection(id))[4]);
        return bytes;
    }

    private void touchesNothingAndStops(boolean onTopic, Map<String, byte[]> entries, String reason) throws Exception {
        with(true, onTopic, entries, store -> {
            assertThatThrownBy(() -> store.get(entries.keySet().iterator().next()))
                    .isInstanceOf(UnusableStateException.class)
                    .hasMessageContaining(reason)
                    .hasMessageContaining("restore the schema registry")
                    .hasMessageContaining("docs/operate/backup.md")
                    .hasMessageContaining("store=s");
            assertThatThrownBy(() -> keys(store.all())).isInstanceOf(UnusableStateException.class);
            Map<String, String> untouched = new HashMap<>();
            entries.forEach((key, value) -> untouched.put(key, HexFormat.of().formatHex(value)));
            assertThat(stored()).isEqualTo(untouched);
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void deletesNothingWithAnotherRegistry(boolean onTopic) throws Exception {
        onTopicToo = Map.of("a", ofAnotherRegistry("a"), "b", ofAnotherRegistry("b"));
        touchesNothingAndStops(onTopic, onTopicToo, "2 entries");
    }

    @Test
    void deletesNothingWhenDocumentsAreUnreadableToo() throws Exception {
        onTopicToo = Map.of("a", ofAnotherRegistry("a"));
        Map<String, byte[]> entries = Map.of("a", ofAnotherRegistry("a"));
        touchesNothingAndStops(true, entries, "no schema has the number " + ofAnotherRegistry("a")[4]);
    }

    @Test
    void deletesNothingWhenManyEntriesAreCorrupt() throws Exception {
        Map<String, byte[]> entries = new HashMap<>();
        for (int i = 0; i < 101; i++) {
            entries.put("bad-" + i, GARBAGE);
        }
        touchesNothingAndStops(false, entries, "101 entries");
        entries.remove("bad-0");
        with(true, false, entries, store -> assertThat(keys(store.all())).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void healsOncePerIterationHoweverManyEntriesAreCorrupt(boolean persistent) throws Exception {
        with(persistent, false, store -> {
            assertThat(keys(store.range(null, null))).containsExactly("good");
            assertThat(walks).isEqualTo(1);
        });
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
    void iteratesSoundEntriesAndDocumentsOfTheTopic(boolean persistent) throws Exception {
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
    void removesACorruptEntryThatNoTopicHas(boolean persistent) throws Exception {
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
    void deletesAnUnreadableEntryWithoutFailure() throws Exception {
        with(false, false, store -> assertThat(store.delete("a-bad")).isNull());
    }
}
