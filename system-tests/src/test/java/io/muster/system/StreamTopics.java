package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Makes, feeds and reads topics of stream jobs. */
final class StreamTopics {
    static final int PARTITIONS = 2;
    static final int TIME_LENGTH = 28;

    /** Counts by key and second, of each partition by itself. */
    static final String BY_PARTITION =
            "SELECT CONCAT(CAST(PartitionId AS nvarchar(max)), ' ', k) AS k, COUNT(*) AS n, System.Timestamp() AS at INTO out"
                    + " FROM events PARTITION BY PartitionId GROUP BY PartitionId, k, TumblingWindow(second, 1)";

    private static final ObjectMapper JSON = new ObjectMapper();

    private StreamTopics() {}

    /** Creates topics whose records have the time at which they arrived. */
    static void create(String kafka, String... topics) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka))) {
            admin.createTopics(Arrays.stream(topics)
                            .map(topic -> new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty())
                                    .configs(Map.of("message.timestamp.type", "LogAppendTime")))
                            .toList())
                    .all()
                    .get();
        }
    }

    /** Returns a setting of topics. @param names a pattern */
    static List<String> setting(String kafka, String names, String setting) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka))) {
            List<ConfigResource> topics = admin.listTopics().names().get().stream()
                    .filter(name -> name.matches(names))
                    .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                    .toList();
            return admin.describeConfigs(topics).all().get().values().stream()
                    .map(settings -> settings.get(setting).value())
                    .toList();
        }
    }

    /** Feeds about two hundred events a second to both partitions, until it is closed: {@code {"k": one of three, "i": their number}}. */
    static AutoCloseable feed(String kafka, String topic, long seed) {
        return feed(kafka, topic, seed, Integer.MAX_VALUE);
    }

    /** @param spread so many events go to both partitions, the others to the first */
    static AutoCloseable feed(String kafka, String topic, long seed, int spread) {
        AtomicBoolean over = new AtomicBoolean();
        Thread thread = Thread.ofPlatform().start(() -> {
            Random random = new Random(seed);
            try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                    Map.of("bootstrap.servers", kafka, "linger.ms", 5),
                    new StringSerializer(),
                    new StringSerializer())) {
                for (int i = 0; !over.get(); i++) {
                    int partition = i < spread ? random.nextInt(PARTITIONS) : 0;
                    String key = String.valueOf((char) ('a' + random.nextInt(3)));
                    producer.send(
                            new ProducerRecord<>(topic, partition, null, "{\"k\":\"" + key + "\",\"i\":" + i + "}"));
                    Thread.sleep(5); // The pace; nothing is waited for.
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return () -> {
            over.set(true);
            thread.join();
        };
    }

    /** Returns results that say their time as {@code at}, what distinguishes them as {@code k}, and a number {@code n}; none twice. */
    static SortedMap<String, Long> results(String kafka, String topic) throws IOException {
        SortedMap<String, Long> results = new TreeMap<>();
        for (ConsumerRecord<String, String> record : read(kafka, topic)) {
            JsonNode row = JSON.readTree(record.value());
            String result = row.path("at").asText() + " " + row.path("k").asText();
            assertThat(results.put(result, row.path("n").asLong()))
                    .as("twice in %s: %s", topic, result)
                    .isNull();
        }
        return results;
    }

    /** Computes the results of a query for one event, by time and key. */
    interface Computation {
        void add(ConsumerRecord<String, String> event, JsonNode value, SortedMap<String, Long> results);
    }

    /** Returns the same results, computed from the input's records. */
    static SortedMap<String, Long> computed(String kafka, String topic, Computation computation) throws IOException {
        SortedMap<String, Long> computed = new TreeMap<>();
        for (ConsumerRecord<String, String> record : read(kafka, topic)) {
            computation.add(record, JSON.readTree(record.value()), computed);
        }
        return computed;
    }

    /** Counts by key and window. @param byPartition of each partition by itself */
    static Computation windows(int size, int hop, boolean byPartition) {
        return (event, value, results) -> {
            for (long end = Math.ceilDiv(event.timestamp(), hop) * hop; end < event.timestamp() + size; end += hop) {
                String key = (byPartition ? event.partition() + " " : "")
                        + value.path("k").asText();
                results.merge(text(end) + " " + key, 1L, Long::sum);
            }
        };
    }

    /** Returns a time as results have it. */
    static String text(long millis) {
        return Instant.ofEpochMilli(millis).toString().replaceFirst("(\\.\\d+)?Z$", "")
                + ".%03d0000Z".formatted(millis % 1000);
    }

    /** Returns all that is committed by now. */
    static List<ConsumerRecord<String, String>> read(String kafka, String topic) {
        return read(kafka, topic, new StringDeserializer());
    }

    /** Returns all that is committed by now, with keys and values of any kind. */
    static <T> List<ConsumerRecord<T, T>> read(String kafka, String topic, Deserializer<T> deserializer) {
        try (KafkaConsumer<T, T> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka, "isolation.level", "read_committed"), deserializer, deserializer)) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<ConsumerRecord<T, T>> records = new ArrayList<>();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
            return records;
        }
    }
}
