package io.muster.benchmarks;

import io.muster.codec.Codecs;
import io.muster.records.ComputeTask;
import io.muster.records.ForgetTask;
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
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Prints how many programs that exit at once two nodes start a second, from the first command to the last end that the owner hears, beside the same processes started
 * by {@code xargs} with as many at once; and the latency of a run. Arguments: the folder standalone/target/muster, tasks, rounds.
 */
public final class TaskDriver implements AutoCloseable {
    private static final String POOL = "default";
    private static final int NODES = 2;
    private static final List<String> PROCESSES = List.of("broker", "planner", "gateway", "api", "node-1", "node-2");
    /** Matches the topics that a task writes to; ends of transactions count as records. */
    private static final Pattern COUNTED = Pattern.compile("^pool-|^deliveries$|^site-tasks$|-pool-tasks-changelog$");

    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final Codecs codecs;
    private final KafkaProducer<String, byte[]> producer;
    private final KafkaConsumer<String, byte[]> consumer;

    private TaskDriver(Standalone muster) {
        codecs = new Codecs(new ConfluentSchemaRegistry(
                new RegistrySettings(URI.create(muster.options().registry()), null, null, null)));
        String kafka = muster.options().kafka();
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka), new StringSerializer(), new ByteArraySerializer());
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka, "isolation.level", "read_committed"),
                new StringDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = consumer.partitionsFor(Topics.SITE_TASKS.name()).stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    public static void main(String[] args) throws Exception {
        int tasks = Integer.parseInt(args[1]);
        int rounds = Integer.parseInt(args[2]);
        int slots = NODES * Runtime.getRuntime().availableProcessors();
        try (Standalone muster = Trial.start(args[0], NODES)) {
            muster.startNodes(System.err::println);
            try (TaskDriver driver = new TaskDriver(muster)) {
                for (int round = 0; round <= rounds; round++) {
                    double floor = floor(tasks, slots);
                    Map<String, Long> before = driver.ends();
                    CpuUse cpu = CpuUse.mark(muster, PROCESSES);
                    double started = driver.round("round-" + round + "-", tasks);
                    System.out.printf(
                            "%s %d: %d tasks, %.0f/s; xargs -P %d: %.0f/s; %.2f of it; CPU a task: %s; records a task: %s%n",
                            round == 0 ? "cold" : "round",
                            round,
                            tasks,
                            started,
                            slots,
                            floor,
                            started / floor,
                            cpu.micros(tasks),
                            driver.records(before, tasks));
                }
            }
            new RunLatency(SiteClient.of(muster, "latency")).measure();
        }
    }

    /** Returns how many records each topic of tasks and of their state has had. */
    private Map<String, Long> ends() {
        List<TopicPartition> all = consumer.listTopics().entrySet().stream()
                .filter(topic -> COUNTED.matcher(topic.getKey()).find())
                .flatMap(topic -> topic.getValue().stream())
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        Map<String, Long> ends = new TreeMap<>();
        consumer.endOffsets(all).forEach((partition, end) -> ends.merge(partition.topic(), end, Long::sum));
        return ends;
    }

    private String records(Map<String, Long> before, int tasks) {
        return ends().entrySet().stream()
                .map(topic -> topic.getKey()
                        + String.format(
                                " %.2f", (topic.getValue() - before.getOrDefault(topic.getKey(), 0L)) / (double) tasks))
                .collect(Collectors.joining(", "));
    }

    private static double floor(int tasks, int atOnce) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Process all = new ProcessBuilder("sh", "-c", "seq " + tasks + " | xargs -n 1 -P " + atOnce + " true")
                .inheritIO()
                .start();
        if (!all.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || all.exitValue() != 0) {
            throw new IllegalStateException("xargs did not run them all");
        }
        return tasks / ((System.nanoTime() - start) / 1e9);
    }

    /** Runs tasks. @return tasks a second */
    private double round(String prefix, int tasks) {
        long start = System.nanoTime();
        for (int task = 0; task < tasks; task++) {
            send(new SubmitTask(ComputeTask.newBuilder()
                    .setTaskId(prefix + task)
                    .setOwner(new TaskOwner(TaskOwnerKind.SITE, "benchmark"))
                    .setProgram(TaskProgram.newBuilder()
                            .setCommand(List.of("true"))
                            .setEnvironment(Map.of())
                            .build())
                    .build()));
        }
        producer.flush();
        Set<String> open = new HashSet<>();
        for (int task = 0; task < tasks; task++) {
            open.add(prefix + task);
        }
        while (!open.isEmpty()) {
            consumer.poll(POLL).forEach(record -> {
                TaskNews news = codecs.of(Topics.SITE_TASKS).decode(record.value());
                if (news.getNews() instanceof TaskEnded ended && open.remove(news.getTaskId())) {
                    if (ended.getResult() != TaskResult.SUCCEEDED) {
                        throw new IllegalStateException("a task failed: " + news);
                    }
                }
            });
            if (System.nanoTime() - start > LIMIT.toNanos()) {
                throw new IllegalStateException("tasks did not end, open=" + open.size());
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        for (int task = 0; task < tasks; task++) {
            send(new ForgetTask(prefix + task));
        }
        producer.flush();
        return tasks / seconds;
    }

    private void send(Object command) {
        producer.send(new ProducerRecord<>(
                Topics.POOL_COMMANDS.name(),
                POOL,
                codecs.of(Topics.POOL_COMMANDS).encode(new PoolCommand(POOL, command))));
    }

    @Override
    public void close() {
        producer.close();
        consumer.close();
    }
}
