package io.muster.benchmarks;

import io.muster.codec.Codecs;
import io.muster.records.ComputeTask;
import io.muster.records.PoolCommand;
import io.muster.records.SubmitTask;
import io.muster.records.TaskEnded;
import io.muster.records.TaskNews;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskProgram;
import io.muster.records.TaskResult;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.standalone.Standalone;
import io.muster.topics.Topics;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Prints the resident memory of each process before, while and after programs on two nodes print much. Three rounds: the first warms up. Arguments: the folder
 * standalone/target/muster, programs, MiB that each prints.
 */
public final class OutputDriver {
    private static final String POOL = "default";
    private static final int ROUNDS = 3;
    private static final List<String> PROCESSES =
            List.of("broker", "planner", "processor", "gateway", "api", "node-1", "node-2");
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration REST = Duration.ofSeconds(5);
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private OutputDriver() {}

    public static void main(String[] args) throws Exception {
        int programs = Integer.parseInt(args[1]);
        int mebibytes = Integer.parseInt(args[2]);
        try (Standalone muster = Trial.start(args[0], 2)) {
            muster.startNodes(System.err::println);
            for (int round = 1; round <= ROUNDS; round++) {
                Map<String, Long> before = resident(muster);
                Map<String, Long> most = new LinkedHashMap<>(before);
                long start = System.nanoTime();
                print(muster, round, programs, mebibytes, most);
                double seconds = (System.nanoTime() - start) / 1e9;
                Thread.sleep(REST);
                Map<String, Long> after = resident(muster);
                System.out.printf(
                        "round %d: %d programs, %d MiB each, %.1f MiB/s; MiB before, at most, after:%n",
                        round, programs, mebibytes, programs * mebibytes / seconds);
                before.forEach((process, kib) -> System.out.printf(
                        "  %-10s %4d %4d %4d%n",
                        process,
                        kib >> 10,
                        most.getOrDefault(process, 0L) >> 10,
                        after.getOrDefault(process, 0L) >> 10));
            }
        }
    }

    private static Map<String, Long> resident(Standalone muster) throws IOException {
        Map<String, Long> all = new LinkedHashMap<>();
        for (String process : PROCESSES) {
            Path status = Path.of("/proc/" + muster.process(process).pid() + "/status");
            String line = Files.readAllLines(status).stream()
                    .filter(each -> each.startsWith("VmRSS:"))
                    .findFirst()
                    .orElseThrow();
            all.put(process, Long.valueOf(line.replaceAll("\\D", "")));
        }
        return all;
    }

    /** Runs the programs. @param most gets the most that each process held meanwhile */
    private static void print(Standalone muster, int round, int programs, int mebibytes, Map<String, Long> most)
            throws IOException {
        Codecs codecs = new Codecs(new ConfluentSchemaRegistry(
                new RegistrySettings(URI.create(muster.options().registry()), null, null, null)));
        String kafka = muster.options().kafka();
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka), new StringSerializer(), new ByteArraySerializer());
                KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                        Map.of("bootstrap.servers", kafka, "isolation.level", "read_committed"),
                        new StringDeserializer(),
                        new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(Topics.SITE_TASKS.name()).stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToEnd(partitions);
            partitions.forEach(consumer::position);
            for (int program = 0; program < programs; program++) {
                producer.send(new ProducerRecord<>(
                        Topics.POOL_COMMANDS.name(),
                        POOL,
                        codecs.of(Topics.POOL_COMMANDS)
                                .encode(new PoolCommand(
                                        POOL, new SubmitTask(task("print-" + round + "-" + program, mebibytes))))));
            }
            producer.flush();
            int open = programs;
            long start = System.nanoTime();
            while (open > 0) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    TaskNews news = codecs.of(Topics.SITE_TASKS).decode(record.value());
                    if (news.getNews() instanceof TaskEnded ended) {
                        if (ended.getResult() != TaskResult.SUCCEEDED) {
                            throw new IllegalStateException("a task failed: " + news);
                        }
                        open--;
                    }
                }
                resident(muster).forEach((process, kib) -> most.merge(process, kib, Math::max));
                if (System.nanoTime() - start > LIMIT.toNanos()) {
                    throw new IllegalStateException("programs did not end, open=" + open);
                }
            }
        }
    }

    private static ComputeTask task(String id, int mebibytes) {
        return ComputeTask.newBuilder()
                .setTaskId(id)
                .setOwner(new TaskOwner(TaskOwnerKind.SITE, "benchmark"))
                .setProgram(TaskProgram.newBuilder()
                        .setCommand(
                                List.of("sh", "-c", "head -c " + ((long) mebibytes << 20) + " /dev/zero | tr '\\0' x"))
                        .setEnvironment(Map.of())
                        .build())
                .build();
    }
}
