package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.codec.Codecs;
import io.muster.records.AddBatchJob;
import io.muster.records.AddBatchPool;
import io.muster.records.AddBatchTasks;
import io.muster.records.BatchJobCommand;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchPoolCommand;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.DeleteBatchPool;
import io.muster.records.MultiInstance;
import io.muster.records.TaskConstraints;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs tasks of Batch's jobs on compute nodes, driven by the unmodified client of npm, and reads their events as a foreign program does. */
class BatchTest {
    private static RunningMuster muster;

    @BeforeAll
    static void start() throws Exception {
        muster = RunningMuster.ownInstance(2, 2);
    }

    @AfterAll
    static void stop() {
        muster.standalone.close();
    }

    private static void drive(String script, String last) throws Exception {
        String credentials = new ObjectMapper()
                .createObjectNode()
                .put(
                        "batchUrl",
                        "https://localhost:" + muster.standalone.options().restPort())
                .put("account", "muster")
                .put("key", muster.key("iothubowner"))
                .toString();
        Path said = Path.of("target/" + script + ".txt").toAbsolutePath();
        ProcessBuilder builder = new ProcessBuilder("node", script, credentials)
                .directory(NodeModules.installed().toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        builder.environment()
                .put("NODE_EXTRA_CA_CERTS", muster.standalone.caFile().toString());
        Process client = builder.start();
        boolean ended = client.waitFor(8, TimeUnit.MINUTES);
        client.destroyForcibly();
        assertThat(ended).as(Files.readString(said)).isTrue();
        assertThat(Files.readString(said)).contains(last);
    }

    @Test
    void npmAzureBatch() throws Exception {
        drive("batch.js", "the tasks run");
    }

    @Test
    void npmAzureBatchPools() throws Exception {
        drive("batch-pools.js", "the pools run");
        assertThat(events("Lyon"))
                .containsExactly(
                        "PoolCreateEvent",
                        "PoolResizeStartEvent",
                        "PoolResizeCompleteEvent",
                        "PoolResizeStartEvent",
                        "PoolResizeCompleteEvent",
                        "PoolDeleteStartEvent",
                        "PoolDeleteCompleteEvent");
    }

    @Test
    void npmAzureBatchGangs() throws Exception {
        drive("batch-gangs.js", "the gangs run");
        assertThat(events("of-gangs/one"))
                .filteredOn(event -> !event.equals("TaskScheduleFailEvent")) // Of each time that it found no room.
                .containsExactly("TaskStartEvent", "TaskCompleteEvent", "TaskFailEvent");
        assertThat(events("not-of-gangs/never"))
                .startsWith("TaskScheduleFailEvent")
                .doesNotContain("TaskStartEvent");
    }

    @Test
    void npmAzureBatchSchedules() throws Exception {
        drive("batch-schedules.js", "the schedules run");
    }

    /** Returns the types of the events of a pool, or of a task. */
    private static List<String> events(String key) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", muster.standalone.options().kafka(), "isolation.level", "read_committed"),
                new StringDeserializer(),
                new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor("task-events").stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<String> types = new ArrayList<>();
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    if (record.key().equals(key)) {
                        types.add(new String(
                                record.headers().lastHeader("ce-type").value(), StandardCharsets.UTF_8));
                    }
                }
            }
            return types;
        }
    }

    /** Holds what an event of a task says, as the contract's table writes it. */
    private record Said(String event, String node) {
        static Said of(ConsumerRecord<String, String> record) {
            String type = new String(record.headers().lastHeader("ce-type").value(), StandardCharsets.UTF_8);
            try {
                JsonNode body = new ObjectMapper().readTree(record.value());
                JsonNode execution = body.path("executionInfo");
                return new Said(
                        type.replaceAll("Task(.*)Event", "$1") + "(" + execution.path("retryCount") + "/"
                                + body.path("systemTaskVersion") + ")"
                                + (execution.has("exitCode") ? " exit " + execution.path("exitCode") : ""),
                        body.at("/nodeInfo/nodeId").asText());
            } catch (JsonProcessingException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Adds a job and its task as a foreign program does, with plain clients of Kafka, and reads its events so. */
    @Test
    void saysInItsEventsThatATaskWhoseNodeWasKilledWasPlacedAgain() throws Exception {
        List<Said> said = runAndKill(
                "Killed-" + System.currentTimeMillis(),
                "default",
                BatchTaskDefinition.newBuilder()
                        .setTaskId("long")
                        .setCommandLine("sleep 5")
                        .setConstraints(new TaskConstraints(0, null, null))
                        .build(),
                node -> node);
        assertThat(said)
                .extracting(Said::event)
                .filteredOn(event -> !event.startsWith("ScheduleFail"))
                .containsExactly("Start(0/0)", "Start(0/1)", "Complete(0/1) exit 0");
    }

    @Test
    void saysInItsEventsThatAGangOfWhichANodeWasKilledWasPlacedAgain() throws Exception {
        String pool = "Gang-" + System.currentTimeMillis();
        List<String> nodes = List.of("node-3", "node-4");
        BatchPoolDefinition definition = BatchPoolDefinition.newBuilder()
                .setVmSize("local")
                .setResizeTimeoutMillis(Duration.ofMinutes(15).toMillis())
                .setTargetDedicated(nodes.size())
                .setInterNodeCommunication(true)
                .build();
        command(Topics.BATCH_POOL_COMMANDS, pool, new BatchPoolCommand(pool, new AddBatchPool(definition)));
        List<Said> said = runAndKill(
                "Gang-killed-" + System.currentTimeMillis(),
                pool,
                BatchTaskDefinition.newBuilder()
                        .setTaskId("long")
                        .setCommandLine("sleep 5")
                        .setConstraints(new TaskConstraints(0, null, null))
                        .setMultiInstance(MultiInstance.newBuilder()
                                .setInstances(nodes.size())
                                .setCoordinationCommandLine("sh -c 'sleep 300 & true'")
                                .build())
                        .build(),
                primary -> nodes.stream()
                        .filter(node -> !node.equals(primary))
                        .findFirst()
                        .orElseThrow());
        command(Topics.BATCH_POOL_COMMANDS, pool, new BatchPoolCommand(pool, new DeleteBatchPool(null)));
        assertThat(said)
                .extracting(Said::event)
                .filteredOn(event -> !event.startsWith("ScheduleFail"))
                .containsExactly("Start(0/0)", "Start(0/1)", "Complete(0/1) exit 0");
    }

    private static <V extends SpecificRecord> void command(Topic<V> topic, String id, V command) {
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", muster.standalone.options().kafka()),
                new StringSerializer(),
                new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(
                    topic.name(),
                    id.toLowerCase(Locale.ROOT),
                    codecs().of(topic).encode(command)));
        }
    }

    private static Codecs codecs() {
        return new Codecs(new ConfluentSchemaRegistry(
                new RegistrySettings(URI.create(muster.standalone.options().registry()), null, null, null)));
    }

    /** Runs a task, and kills a node of its first attempt. @param victim names that node, by the primary's @return its events */
    private static List<Said> runAndKill(
            String job, String pool, BatchTaskDefinition task, UnaryOperator<String> victim) {
        List<Said> said = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", muster.standalone.options().kafka(), "isolation.level", "read_committed"),
                new StringDeserializer(),
                new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(Topics.TASK_EVENTS.name()).stream()
                    .map(partition -> new TopicPartition(Topics.TASK_EVENTS.name(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            command(
                    Topics.BATCH_JOB_COMMANDS,
                    job,
                    new BatchJobCommand(
                            job,
                            new AddBatchJob(BatchJobDefinition.newBuilder()
                                    .setPoolId(pool)
                                    .build()),
                            null));
            command(Topics.BATCH_JOB_COMMANDS, job, new BatchJobCommand(job, new AddBatchTasks(List.of(task)), null));
            Runnable read = () -> consumer.poll(Duration.ofMillis(200)).forEach(record -> {
                if ((job + "/long").equals(record.key())) {
                    said.add(Said.of(record));
                }
            });
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                read.run();
                return said.stream().anyMatch(one -> one.event().startsWith("Start"));
            });
            muster.standalone.process(victim.apply(said.getLast().node())).destroyForcibly();
            await().atMost(Duration.ofSeconds(120)).until(() -> {
                read.run();
                return said.stream().anyMatch(one -> one.event().startsWith("Complete"));
            });
        }
        return said;
    }
}
