package io.muster.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Prints how long after its event a result can be read (after the end of its window, of a window), on the whole product, and what the
 * processor takes for it. Arguments: the folder standalone/target/muster, how many events a second, and numbers of jobs. Of the jobs every
 * third is a filter, one a window over each partition by itself, one over all; measured is the first of each kind.
 */
public final class StreamLatencyDriver {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration WARM = Duration.ofSeconds(30);
    private static final Duration MEASURED = Duration.ofSeconds(30);
    private static final int PARTITIONS = 4;

    private enum Kind {
        FILTER("SELECT i, System.Timestamp() AS at INTO out FROM events WHERE i % 10 = 0"),
        BY_PARTITION("SELECT COUNT(*) AS n, System.Timestamp() AS at INTO out FROM events PARTITION BY PartitionId"
                + " GROUP BY PartitionId, TumblingWindow(second, 1)"),
        OVER_ALL(
                "SELECT COUNT(*) AS n, System.Timestamp() AS at INTO out FROM events GROUP BY TumblingWindow(second, 1)");

        private final String query;

        Kind(String query) {
            this.query = query;
        }
    }

    private final Standalone muster;
    private final RestClient rest;
    private volatile boolean over;

    private StreamLatencyDriver(Standalone muster) throws Exception {
        this.muster = muster;
        this.rest = new RestClient(muster.options().rest(), muster.caFile(), muster.policies());
    }

    public static void main(String[] args) throws Exception {
        int rate = Integer.parseInt(args[1]);
        try (Standalone muster = Trial.start(args[0])) {
            StreamLatencyDriver driver = new StreamLatencyDriver(muster);
            Thread events = Thread.ofPlatform().start(() -> driver.produce(rate));
            int started = 0;
            for (String jobs : Arrays.stream(args).skip(2).toList()) {
                for (; started < Integer.parseInt(jobs); started++) {
                    driver.start(started);
                }
                driver.measure(started);
            }
            driver.over = true;
            events.join();
        }
    }

    private void produce(int rate) {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", muster.options().kafka(), "linger.ms", 0),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            create("events");
            long begin = System.nanoTime();
            for (long i = 0; !over; i++) {
                while (i > (System.nanoTime() - begin) * rate / 1_000_000_000L) {
                    Thread.sleep(1);
                }
                producer.send(new ProducerRecord<>(
                        "events",
                        (int) (i % PARTITIONS),
                        null,
                        ("{\"i\":" + i + ",\"text\":\"abcdefghijklmnopqrst\"}").getBytes(StandardCharsets.UTF_8)));
            }
        } catch (Exception e) {
            throw new IllegalStateException("the events stopped", e);
        }
    }

    private void create(String topic) throws Exception {
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", muster.options().kafka()))) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty())
                            .configs(Map.of("message.timestamp.type", "LogAppendTime"))))
                    .all()
                    .get();
        }
    }

    private void start(int number) throws Exception {
        String out = "out-" + number;
        create(out);
        ObjectNode body = JSON.createObjectNode();
        ObjectNode properties = body.putObject("properties");
        hub(properties.putArray("inputs"), "events", "events").put("type", "Stream");
        hub(properties.putArray("outputs"), "out", out);
        properties
                .putObject("transformation")
                .put("name", "T")
                .putObject("properties")
                .put("query", Kind.values()[number % Kind.values().length].query);
        expect(rest.sendStreamJob("PUT", "job-" + number, body.toString()).join(), 201);
        expect(rest.sendStreamJob("POST", "job-" + number + "/start", null).join(), 202);
        while (!rest.sendStreamJob("GET", "job-" + number, null)
                .join()
                .body()
                .at("/properties/jobState")
                .asText()
                .equals("Running")) {
            Thread.sleep(100);
        }
    }

    private static ObjectNode hub(ArrayNode list, String name, String topic) {
        ObjectNode properties = list.addObject().put("name", name).putObject("properties");
        properties
                .putObject("datasource")
                .put("type", "Microsoft.ServiceBus/EventHub")
                .putObject("properties")
                .put("eventHubName", topic);
        return properties;
    }

    private static void expect(RestClient.Answer answer, int status) {
        if (answer.status() != status) {
            throw new IllegalStateException("answered " + answer.status() + ": " + answer.body());
        }
    }

    private void measure(int jobs) throws Exception {
        Thread.sleep(WARM);
        Duration cpu = cpu();
        long begin = System.nanoTime();
        List<List<Long>> delays = new ArrayList<>();
        Stream.of(Kind.values()).forEach(_ -> delays.add(new ArrayList<>()));
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", muster.options().kafka(), "isolation.level", "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int job = 0; job < Math.min(jobs, Kind.values().length); job++) {
                for (int partition = 0; partition < PARTITIONS; partition++) {
                    partitions.add(new TopicPartition("out-" + job, partition));
                }
            }
            consumer.assign(partitions);
            consumer.seekToEnd(partitions);
            partitions.forEach(consumer::position);
            while (System.nanoTime() - begin < MEASURED.toNanos()) {
                for (ConsumerRecord<byte[], byte[]> row : consumer.poll(Duration.ofMillis(100))) {
                    Instant at =
                            Instant.parse(JSON.readTree(row.value()).path("at").asText());
                    delays.get(Integer.parseInt(row.topic().substring("out-".length())))
                            .add(Duration.between(at, Instant.now()).toMillis());
                }
            }
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.printf(
                "%d jobs: the processor takes %.2f cores, %d MiB resident%n",
                jobs, cpu().minus(cpu).toNanos() / 1e9 / seconds, resident() / 1024);
        for (Kind kind : Kind.values()) {
            List<Long> sorted = delays.get(kind.ordinal()).stream().sorted().toList();
            if (!sorted.isEmpty()) {
                System.out.printf(
                        "    %-12s %6d results; p50 %d ms, p90 %d ms, p99 %d ms, most %d ms%n",
                        kind,
                        sorted.size(),
                        sorted.get(sorted.size() / 2),
                        sorted.get(sorted.size() * 9 / 10),
                        sorted.get(sorted.size() * 99 / 100),
                        sorted.getLast());
            }
        }
    }

    private Duration cpu() {
        return muster.process("processor").info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Returns the resident memory, in KiB. */
    private long resident() throws Exception {
        return Files.readAllLines(Path.of(
                        "/proc", String.valueOf(muster.process("processor").pid()), "status"))
                .stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
    }
}
