package io.muster.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.standalone.RestClient;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Runs stream jobs that count events by key and second, one over each partition by itself and one over all, shared by three tasks, and recounts from
 * the events. For one thread.
 */
final class AuditedStreams implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String EVENTS = "audited-events";
    private static final int PARTITIONS = 4;
    private static final int KEYS = 12;
    private static final int PACE_MS = 5;

    /** Names a job, its query, and how its counts are audited. @param byPartition whether partitions are counted by themselves */
    private record Job(String name, String query, boolean byPartition) {}

    private static final List<Job> JOBS = List.of(
            new Job(
                    "audited-by-partition",
                    "SELECT PartitionId AS p, k, COUNT(*) AS n, System.Timestamp() AS at INTO out FROM events PARTITION BY PartitionId"
                            + " GROUP BY PartitionId, k, TumblingWindow(second, 1)",
                    true),
            new Job(
                    "audited-together",
                    "SELECT k, COUNT(*) AS n, System.Timestamp() AS at INTO out FROM events GROUP BY k, TumblingWindow(second, 1)",
                    false));

    private final RestClient rest;
    private final KafkaConsumer<String, String> consumer;
    private final List<TopicPartition> partitions = new ArrayList<>();
    private final AtomicBoolean over = new AtomicBoolean();
    private final Thread feeder;

    /** Holds windows by their ends, in milliseconds, by job and key. */
    private final Map<String, Map<String, TreeMap<Long, Long>>> counted = new HashMap<>();

    private final Map<String, Map<String, TreeMap<Long, Long>>> written = new HashMap<>();
    private final List<String> wrong = new ArrayList<>();

    private AuditedStreams(RestClient rest, String kafka, long seed) {
        this.rest = rest;
        this.consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka, "isolation.level", "read_committed"),
                new StringDeserializer(),
                new StringDeserializer());
        List<String> topics = new ArrayList<>(List.of(EVENTS));
        JOBS.forEach(job -> topics.add(job.name()));
        topics.forEach(topic -> IntStream.range(0, PARTITIONS)
                .forEach(partition -> partitions.add(new TopicPartition(topic, partition))));
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        this.feeder = Thread.ofPlatform().daemon().start(() -> feed(kafka, seed));
    }

    /** Returns when the jobs run. */
    static AuditedStreams start(RestClient rest, String kafka, long seed) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka))) {
            List<NewTopic> topics = new ArrayList<>(List.of(topic(EVENTS)));
            JOBS.forEach(job -> topics.add(topic(job.name())));
            admin.createTopics(topics).all().get();
        }
        for (Job job : JOBS) {
            ask(rest, "PUT", job.name(), document(job));
            ask(rest, "POST", job.name() + "/start", "{}");
        }
        AuditedStreams streams = new AuditedStreams(rest, kafka, seed);
        for (Job job : JOBS) {
            while (!streams.state(job).equals("Running")) {
                Thread.sleep(200);
            }
        }
        return streams;
    }

    private static NewTopic topic(String name) {
        return new NewTopic(name, Optional.of(PARTITIONS), Optional.empty())
                .configs(Map.of("message.timestamp.type", "LogAppendTime"));
    }

    private static String document(Job job) {
        ObjectNode properties = JSON.createObjectNode();
        hub(properties.putArray("inputs").addObject().put("name", "events"), EVENTS)
                .put("type", "Stream");
        hub(properties.putArray("outputs").addObject().put("name", "out"), job.name());
        properties
                .putObject("transformation")
                .put("name", "T")
                .putObject("properties")
                .put("streamingUnits", 3)
                .put("query", job.query());
        return JSON.createObjectNode().set("properties", properties).toString();
    }

    private static ObjectNode hub(ObjectNode child, String topic) {
        ObjectNode properties = child.putObject("properties");
        properties
                .putObject("datasource")
                .put("type", "Microsoft.ServiceBus/EventHub")
                .putObject("properties")
                .put("eventHubName", topic);
        properties.putObject("serialization").put("type", "Json");
        return properties;
    }

    private static void ask(RestClient rest, String method, String path, String body) {
        RestClient.Answer answer = rest.sendStreamJob(method, path, body).join();
        if (answer.status() >= 300) {
            throw new IllegalStateException(method + " " + path + ": " + answer.status() + " " + answer.body());
        }
    }

    private String state(Job job) {
        return rest.sendStreamJob("GET", job.name(), null)
                .join()
                .body()
                .at("/properties/jobState")
                .asText();
    }

    /** Sends each once, whatever becomes of the broker. */
    private void feed(String kafka, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka, "linger.ms", PACE_MS, "delivery.timeout.ms", Integer.MAX_VALUE),
                new StringSerializer(),
                new StringSerializer())) {
            while (!over.get()) {
                producer.send(new ProducerRecord<>(
                        EVENTS, random.nextInt(PARTITIONS), null, "{\"k\":" + random.nextInt(KEYS) + "}"));
                Thread.sleep(PACE_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until each key has results beyond now, and recounts. @return the faults, one sentence each */
    List<String> audit(Instant deadline) throws InterruptedException, IOException {
        long now = Instant.now().toEpochMilli();
        do {
            Thread.sleep(200);
            readOn();
        } while (JOBS.stream().anyMatch(job -> slowest(job) < now)
                && Instant.now().isBefore(deadline));
        for (Job job : JOBS) {
            if (slowest(job) < now) {
                wrong.add(job.name() + ": no results beyond " + Instant.ofEpochMilli(now) + ", but up to "
                        + Instant.ofEpochMilli(slowest(job)) + "; it is " + state(job));
            }
            compare(job);
        }
        List<String> found = List.copyOf(wrong);
        wrong.clear();
        return found;
    }

    private long slowest(Job job) {
        Map<String, TreeMap<Long, Long>> results = written.getOrDefault(job.name(), Map.of());
        return results.size() < KEYS * (job.byPartition() ? PARTITIONS : 1)
                ? 0
                : results.values().stream().mapToLong(TreeMap::lastKey).min().orElse(0);
    }

    private void readOn() throws IOException {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                JsonNode value = JSON.readTree(record.value());
                if (record.topic().equals(EVENTS)) {
                    event(record, value.path("k").asText());
                } else {
                    result(record, value);
                }
            }
        }
    }

    private void event(ConsumerRecord<String, String> record, String key) {
        long end = Math.ceilDiv(record.timestamp(), 1000) * 1000;
        for (Job job : JOBS) {
            windows(counted, job.name(), (job.byPartition() ? record.partition() + " " : "") + key)
                    .merge(end, 1L, Long::sum);
        }
    }

    private void result(ConsumerRecord<String, String> record, JsonNode row) {
        long end = Instant.parse(row.path("at").asText()).toEpochMilli();
        String key = (row.has("p") ? row.path("p").asText() + " " : "")
                + row.path("k").asText();
        if (windows(written, record.topic(), key).put(end, row.path("n").asLong()) != null) {
            wrong.add(record.topic() + ": twice: " + row);
        }
    }

    private static TreeMap<Long, Long> windows(
            Map<String, Map<String, TreeMap<Long, Long>>> of, String job, String key) {
        return of.computeIfAbsent(job, _ -> new HashMap<>()).computeIfAbsent(key, _ -> new TreeMap<>());
    }

    /** Compares up to the last result of each key, and forgets all before it. */
    private void compare(Job job) {
        written.getOrDefault(job.name(), Map.of()).forEach((key, results) -> {
            TreeMap<Long, Long> events = windows(counted, job.name(), key);
            long last = results.lastKey();
            events.headMap(results.firstKey()).clear();
            Map<Long, Long> expected = events.headMap(last, true);
            if (!expected.equals(results)) {
                wrong.add(job.name() + ", key " + key + ": the events make " + expected + ", written was " + results);
            }
            results.headMap(last).clear();
            events.headMap(last).clear();
        });
    }

    @Override
    public void close() throws InterruptedException {
        over.set(true);
        feeder.join();
        consumer.close();
    }
}
