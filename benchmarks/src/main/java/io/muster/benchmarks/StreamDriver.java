package io.muster.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.standalone.Standalone;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Prints how many events a second stream jobs work off, beside the same written by hand and beside Flink SQL. Arguments: the folder
 * standalone/target/muster, how many million events, and scenarios (all where none is named). 1,000 devices send ten events a second each,
 * as JSON, into four partitions, keyed by device. The rate is that between the tenth and the ninetieth percent of the events' time in
 * the slowest partition of the results, so that neither start nor end counts.
 */
public final class StreamDriver {
    private static final List<String> ENGINES =
            List.of("by-hand", "muster", "muster-merging", "flink", "flink-checkpoints");
    private static final int PARTITIONS = 4;
    private static final int DEVICES = 1000;
    private static final int EVENTS_A_SECOND = 10_000;
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String broker;
    private final int events;
    private final Instant begin;

    private StreamDriver(String broker, int events) {
        this.broker = broker;
        this.events = events;
        this.begin = Instant.ofEpochSecond(Instant.now().getEpochSecond() - events / EVENTS_A_SECOND - 600);
    }

    public static void main(String[] args) throws Exception {
        List<StreamScenario> scenarios = args.length > 2
                ? Arrays.stream(args).skip(2).map(StreamScenario::valueOf).toList()
                : List.of(StreamScenario.values());
        try (Standalone muster = Trial.start(args[0])) {
            StreamDriver driver = new StreamDriver(muster.options().kafka(), Integer.parseInt(args[1]) * 1_000_000);
            driver.load();
            for (StreamScenario scenario : scenarios) {
                for (String engine :
                        System.getProperty("engines", String.join(",", ENGINES)).split(",")) {
                    driver.run(engine, scenario);
                }
            }
        }
    }

    private void load() throws Exception {
        create("events", "limits");
        Random random = new Random(7);
        long start = System.nanoTime();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker, "linger.ms", 5, "batch.size", 256 * 1024),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int i = 0; i < events; i++) {
                long at = begin.toEpochMilli() + i / (EVENTS_A_SECOND / 1000);
                int device = i % DEVICES;
                byte[] key = ("device-" + device).getBytes(StandardCharsets.UTF_8);
                String event =
                        "{\"deviceId\":\"device-%d\",\"temperature\":%.2f,\"humidity\":%d,\"room\":\"floor-3/room-%d\",\"ok\":true}"
                                .formatted(device, random.nextDouble() * 100, random.nextInt(100), device % 50);
                if (i % EVENTS_A_SECOND < DEVICES) {
                    byte[] limit = "{\"deviceId\":\"device-%d\",\"most\":90.0}"
                            .formatted(device)
                            .getBytes(StandardCharsets.UTF_8);
                    producer.send(new ProducerRecord<>("limits", device % PARTITIONS, at, key, limit));
                }
                producer.send(new ProducerRecord<>(
                        "events", device % PARTITIONS, at, key, event.getBytes(StandardCharsets.UTF_8)));
            }
        }
        System.out.printf("loaded %d events in %.1f s%n", events, (System.nanoTime() - start) / 1e9);
    }

    private void create(String... topics) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker))) {
            admin.createTopics(Arrays.stream(topics)
                            .map(topic -> new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty())
                                    .configs(Map.of("message.timestamp.type", "CreateTime")))
                            .toList())
                    .all()
                    .get();
        }
    }

    /** Holds the instant at which results had come so far. */
    private record Mark(Instant at, long nanos, Duration cpu) {}

    private void run(String engine, StreamScenario scenario) throws Exception {
        String results = "results-" + engine + "-" + scenario.name().toLowerCase();
        create(results);
        List<String> command = new ArrayList<>(List.of(
                StreamEngine.java().toString(), "-Xmx2g", "-Duser.timezone=UTC", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(
                Arrays.asList(System.getProperty("engine.options", "-Xms2g").split(" ")));
        for (String open : List.of("java.lang", "java.util", "java.nio", "java.time", "java.net")) {
            command.add("--add-opens=java.base/" + open + "=ALL-UNNAMED");
        }
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                StreamEngine.class.getName(),
                engine,
                scenario.name(),
                broker,
                "events",
                "limits",
                results,
                String.valueOf(PARTITIONS)));
        File log = File.createTempFile(results, ".log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker, "isolation.level", "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int i = 0; i < PARTITIONS; i++) {
                partitions.add(new TopicPartition(results, i));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Mark first = reach(consumer, process, 0.1);
            Mark last = reach(consumer, process, 0.9);
            if (first == null || last == null) {
                System.out.printf("%-9s %-15s failed: %s%n", scenario, engine, log);
                return;
            }
            double share = Duration.between(first.at, last.at).toMillis() / (events * 1000.0 / EVENTS_A_SECOND);
            double seconds = (last.nanos - first.nanos) / 1e9;
            double cpu = last.cpu.minus(first.cpu).toNanos() / 1e9;
            System.out.printf(
                    "%-9s %-15s %,10.0f events/s; %,10.0f a second of its CPU (%.1f s of %.1f s)%n",
                    scenario, engine, share * events / seconds, share * events / cpu, cpu, seconds);
        } finally {
            process.destroy();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }

    private final long[] reached = new long[PARTITIONS];

    private @Nullable Mark reach(KafkaConsumer<byte[], byte[]> consumer, Process process, double share)
            throws IOException {
        if (share < 0.5) {
            Arrays.fill(reached, Long.MIN_VALUE);
        }
        long wanted = begin.toEpochMilli() + (long) (share * events * 1000 / EVENTS_A_SECOND);
        long limit = System.nanoTime() + LIMIT.toNanos();
        while (Arrays.stream(reached).min().orElseThrow() < wanted) {
            if (System.nanoTime() > limit || !process.isAlive()) {
                return null;
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(20))) {
                reached[record.partition()] = Math.max(reached[record.partition()], at(record.value()));
            }
        }
        return new Mark(
                Instant.ofEpochMilli(Arrays.stream(reached).min().orElseThrow()),
                System.nanoTime(),
                process.info().totalCpuDuration().orElse(Duration.ZERO));
    }

    private static long at(byte[] result) throws IOException {
        String text = JSON.readTree(result).path("at").asText();
        return LocalDateTime.parse(text.replace("Z", ""))
                .toInstant(ZoneOffset.UTC)
                .toEpochMilli();
    }
}
